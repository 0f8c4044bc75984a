"""Run a command with a containerd of its own: ``python -m conformance.harness.cri.containerd -- pytest conformance``.

containerd runs in namespaces of its own for processes, mounts, networks and cgroups, together with the command, to
which the variable SEATRIAL_CRI names its socket.  Needs no internet: the pause image is imported, and images are
pulled from the suite's registry on loopback.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from conformance.harness.cri.launcher import REGISTRIES, Launcher, launch, may_lower_oom_score
from conformance.harness.images.archive import EXPORTED, write_archive
from conformance.harness.images.samples import sample

SOCKET = Path("/run/containerd/containerd.sock")
WORKSPACE = Path("/run/seatrial-containerd")
PAUSE = f"{EXPORTED}/pause:1"

CONFIG = """\
version = 2
root = "{workspace}/root"
state = "/run/containerd"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = {restricted}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{workspace}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{workspace}/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "{runtime}"
"""

#: containerd 2 knows the pause image and the folders of CNI under other names.
CONFIG_2 = """\
version = 3
root = "{workspace}/root"
state = "/run/containerd"
[grpc]
  address = "{socket}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "{snapshotter}"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{pause}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "{workspace}/registries"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = {restricted}
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dir = "{plugins}"
    conf_dir = "{workspace}/cni"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "{runtime}"
[plugins."io.containerd.grpc.v1.cri"]
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
"""

HOSTS = """\
server = "http://{registry}"
[host."http://{registry}"]
  capabilities = ["pull", "resolve"]
"""


class Containerd(Launcher):
    """containerd, with its shim and ctr beside it."""

    name = "containerd"
    socket = SOCKET
    workspace = WORKSPACE
    places = ("/var/lib/cni",)
    settings = WORKSPACE / "config.toml"
    own = (str(SOCKET), str(SOCKET.parent), f"{WORKSPACE}/root")
    more_options: ClassVar = {"snapshotter": ("overlayfs", "how layers become a root filesystem")}

    def configure(self) -> None:
        """Write containerd's settings, where its registry is, and the pause image."""
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False).stdout
        version = next((word.lstrip("v") for word in said.split() if word.lstrip("v")[:1].isdigit()), "1")
        config = (CONFIG if version.startswith("1.") else CONFIG_2).format(
            workspace=WORKSPACE,
            socket=SOCKET,
            pause=PAUSE,
            plugins=self.options.plugins,
            snapshotter=self.options.snapshotter,
            runtime=shutil.which(self.options.runtime),
            restricted=str(not may_lower_oom_score()).lower(),
        )
        self.settings.write_text(config)
        for registry in REGISTRIES:
            hosts = WORKSPACE / "registries" / registry
            hosts.mkdir(parents=True)
            (hosts / "hosts.toml").write_text(HOSTS.format(registry=registry))
        write_archive(WORKSPACE / "pause.tar", [(PAUSE, sample("pause"))])

    @staticmethod
    def command_line(program: Path, settings: Path) -> list[str]:
        """How to start containerd."""
        return [str(program), "--config", str(settings)]

    @staticmethod
    def import_pause(program: Path, address: Path) -> list[str]:
        """Import the pause image, as an administrator does it."""
        ctr = [str(program.with_name("ctr")), "-a", str(address), "-n", "k8s.io"]
        return [*ctr, "images", "import", f"{WORKSPACE}/pause.tar"]


def main(arguments: list[str] | None = None) -> int:
    """Start containerd, run the command, stop containerd; returns the command's exit status."""
    return launch(Containerd, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
