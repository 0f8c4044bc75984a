"""Starts the runtime as ``PYTHON -I -S …/reference_runtime/__main__.py``: without any import that it does not need."""

import os
import sys

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The path has to be there first.
from reference_runtime.cli import run

run()
