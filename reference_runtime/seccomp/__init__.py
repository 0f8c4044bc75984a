"""System call filters: from ``linux.seccomp`` to a program of classic BPF, and into the kernel.

``compile_filter`` is pure. ``install`` changes the calling thread for good. ``listener`` carries the notification
descriptor to the agent. Source: config-linux.md "Seccomp", seccomp(2).
"""

from reference_runtime.seccomp.compiler import compile_filter
from reference_runtime.seccomp.kernel import install

__all__ = ["compile_filter", "install"]
