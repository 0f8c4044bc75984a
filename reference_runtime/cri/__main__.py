"""Starts the server as ``python -m reference_runtime.cri``."""

import sys

from reference_runtime.cri.cli import main

sys.exit(main())
