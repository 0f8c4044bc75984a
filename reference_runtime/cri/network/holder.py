"""Holds a new user namespace and a network namespace of it until its standard input ends.

Started as ``PYTHON -I -S …/network/holder.py``: a process of several threads, as the server is, can make no user
namespace.
"""

import os
import sys

if not __package__:
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")))

# The path has to be there first.
from reference_runtime import libc
from reference_runtime.constants import NAMESPACES

libc.unshare(NAMESPACES["user"] | NAMESPACES["network"])
os.write(1, b"made")
os.read(0, 1)
