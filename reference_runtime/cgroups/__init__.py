"""Control groups of either version: where they are, what limits them, who is in them (config-linux.md, cgroups(7))."""

from reference_runtime.cgroups.group import Cgroup, open_cgroup

# The value of ``linux.cgroup`` in the features document (features-linux.md, "Cgroup").
FEATURES = {"v1": True, "v2": True, "systemd": False, "systemdUser": False, "rdma": True}

__all__ = ["FEATURES", "Cgroup", "open_cgroup"]
