"""Run a command with a CRI-O of its own: ``python -m conformance.harness.cri.crio -- pytest conformance``.

CRI-O runs in namespaces of its own for processes, mounts, networks and cgroups, together with the command, to which the
variable SEATRIAL_CRI names its socket.  Needs no internet: the pause image, too, is pulled from a registry on loopback.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import ClassVar

from conformance.harness.cri.launcher import REGISTRIES, Launcher, launch, may_lower_oom_score
from conformance.harness.images.registry import Registry
from conformance.harness.images.samples import sample

SOCKET = Path("/run/crio/crio.sock")
WORKSPACE = Path("/run/seatrial-crio")
#: What CRI-O keeps in its workspace.
KEPT = ("root", "runroot", "logs", "version", "version-persist", "clean", "exits", "attach", "namespaces", "oci")
#: The registry of the pause image is there for as long as CRI-O is.
PAUSE_PORT = 5001
PAUSE = f"127.0.0.1:{PAUSE_PORT}/seatrial/pause:1"

CONFIG = """\
[crio]
root = "{workspace}/root"
runroot = "{workspace}/runroot"
storage_driver = "{storage}"
log_dir = "{workspace}/logs"
version_file = "{workspace}/version"
version_file_persist = "{workspace}/version-persist"
clean_shutdown_file = "{workspace}/clean"
[crio.api]
listen = "{socket}"
stream_address = "127.0.0.1"
stream_port = "0"
[crio.runtime]
default_runtime = "oci"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
container_exits_dir = "{workspace}/exits"
container_attach_socket_dir = "{workspace}/attach"
namespaces_dir = "{workspace}/namespaces"
pinns_path = "{pinns}"
hooks_dir = []
enable_pod_events = true
[crio.runtime.runtimes.oci]
runtime_path = "{runtime}"
runtime_root = "{workspace}/oci"
monitor_path = "{conmon}"
monitor_cgroup = "pod"
[crio.image]
pause_image = "{pause}"
pause_command = ""
signature_policy = "{workspace}/policy.json"
[crio.network]
network_dir = "{workspace}/cni"
plugin_dirs = ["{plugins}"]
[crio.nri]
enable_nri = false
"""
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}\n'
INSECURE = """\
[[registry]]
location = "{}"
insecure = true
"""
#: CRI-O can not be told that it has not all capabilities, so the OCI runtime is given configs that it can follow.
WRAPPER = """\
#!/bin/sh
previous=
for argument; do
    if [ "$previous" = --bundle ]; then
        sed -i -z -E 's/("oomScoreAdj":\\s*)-[0-9]+/\\10/; s/,\\s*"CAP_SYS_RESOURCE"|"CAP_SYS_RESOURCE"\\s*,//g' \\
            "$argument/config.json"
    fi
    previous=$argument
done
exec {runtime} "$@"
"""


class Crio(Launcher):
    """CRI-O with conmon and pinns."""

    name = "crio"
    socket = SOCKET
    workspace = WORKSPACE
    places = ("/var/lib/cni", "/var/lib/containers", "/var/log/crio")
    settings = WORKSPACE / "crio.conf"
    own = (str(SOCKET), *(f"{WORKSPACE}/{name}" for name in KEPT))
    more_options: ClassVar = {
        "conmon": ("conmon", "its monitor of containers"),
        "pinns": ("pinns", "its program that makes namespaces"),
        "storage": ("overlay", "its storage driver"),
    }
    helpers = ("conmon", "pinns")

    def configure(self) -> None:
        """Write CRI-O's settings, and serve the pause image."""
        runtime = shutil.which(self.options.runtime) or ""
        if not may_lower_oom_score():
            wrapper = WORKSPACE / "runtime"
            wrapper.write_text(WRAPPER.format(runtime=shlex.quote(runtime)))
            wrapper.chmod(0o755)
            runtime = str(wrapper)
        config = CONFIG.format(
            workspace=WORKSPACE,
            socket=SOCKET,
            storage=self.options.storage,
            pinns=shutil.which(self.options.pinns),
            conmon=shutil.which(self.options.conmon),
            runtime=runtime,
            pause=PAUSE,
            plugins=self.options.plugins,
        )
        self.settings.write_text(config)
        (WORKSPACE / "policy.json").write_text(POLICY)
        registries = WORKSPACE / "registries.conf"
        registries.write_text("".join(map(INSECURE.format, [*REGISTRIES, f"127.0.0.1:{PAUSE_PORT}"])))
        self.environment["CONTAINER_REGISTRIES_CONF"] = str(registries)
        self.pauses = Registry(WORKSPACE / "pause", port=PAUSE_PORT)
        self.pauses.store.add(sample("pause"), "seatrial/pause")

    @staticmethod
    def command_line(program: Path, settings: Path) -> list[str]:
        """How to start CRI-O."""
        return [str(program), "--config", str(settings), "--config-dir", ""]

    @staticmethod
    def import_pause(program: Path, address: Path) -> list[str]:  # noqa: ARG004  # there is nothing to import
        """CRI-O pulls the pause image when it is wanted."""
        return []


def main(arguments: list[str] | None = None) -> int:
    """Start CRI-O, run the command, stop CRI-O; returns the command's exit status."""
    return launch(Crio, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
