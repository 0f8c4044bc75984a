"""Starts a monitor as ``PYTHON -I -S …/monitor/__main__.py FOLDER``."""

import os
import sys

if not __package__:
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")))

# The path has to be there first.
from reference_runtime.cri.monitor.main import main

main(sys.argv[1])
