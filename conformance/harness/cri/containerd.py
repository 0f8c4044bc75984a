"""Run a command with a containerd of its own: ``python -m conformance.harness.cri.containerd -- pytest conformance``.

containerd runs in namespaces of its own for processes, mounts, networks and cgroups, together with the command, to
which the variable SEATRIAL_CRI names its socket.  Below process 1 of them there is nothing that could outlive it, so
that nothing of it is left on the host: no shim, no mount, no bridge, no rule of a firewall.  Needs no internet: the
pause image is imported, and images are pulled from the suite's registry on loopback.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from conformance.harness import guardian
from conformance.harness.images.archive import EXPORTED, write_archive
from conformance.harness.images.samples import sample

SOCKET = Path("/run/containerd/containerd.sock")
WORKSPACE = Path("/run/seatrial-containerd")
PAUSE = f"{EXPORTED}/pause:1"
#: What tells others in these namespaces how to start one more.
SPARE_CONFIG = WORKSPACE / "config.toml"
#: Where containerd writes whatever its config says.
PLACES = ("/var/lib/cni",)
PATIENCE = 30.0
PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
NAMESPACES = guardian.CLONE_NEWNS | guardian.CLONE_NEWPID | guardian.CLONE_NEWNET | guardian.CLONE_NEWIPC

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

#: Where the suite's registry listens: no other program is in the network namespace, so the port is free.
REGISTRY = "127.0.0.1:5000"
HOSTS = """\
server = "http://{registry}"
[host."http://{registry}"]
  capabilities = ["pull", "resolve"]
"""

NETWORK = """\
{{"cniVersion": "0.4.0", "name": "seatrial", "plugins": [
  {{"type": "bridge", "bridge": "seatrial0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": {{"type": "host-local", "dataDir": "{workspace}/addresses",
              "ranges": [[{{"subnet": "10.213.0.0/16"}}]], "routes": [{{"dst": "0.0.0.0/0"}}]}}}},
  {{"type": "portmap", "capabilities": {{"portMappings": true}}}}
]}}
"""


def main(arguments: list[str] | None = None) -> int:
    """Start containerd, run the command, stop containerd; returns the command's exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance.harness.cri.containerd", description=__doc__)
    parser.add_argument("--containerd", default="containerd", metavar="PATH", help="its shim and ctr lie beside it")
    parser.add_argument("--runtime", default="runc", metavar="PATH", help="the OCI runtime below it")
    parser.add_argument("--plugins", default="/usr/lib/cni", metavar="FOLDER", help="where the CNI plugins are")
    parser.add_argument("--snapshotter", default="overlayfs", metavar="NAME")
    parser.add_argument("--log", default="", metavar="FILE", help="where containerd's log goes")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args(arguments)
    wrong = wrong_use(options)
    if wrong:
        print(f"containerd: {wrong}", file=sys.stderr)
        return 2
    return Surroundings().run(lambda: Inside(options).run())


def wrong_use(options: argparse.Namespace) -> str:
    """Why this can not be done here, in one line; "" when it can."""
    if os.geteuid() != 0:
        return "it needs namespaces and mounts: run it as root"
    for name in (options.containerd, options.runtime, options.command[0]):
        if shutil.which(name) is None:
            return f"there is no program {name}"
    for plugin in ("bridge", "portmap", "host-local", "loopback"):
        if not Path(options.plugins, plugin).exists():
            return f"{options.plugins} has no CNI plugin {plugin}; name their folder with --plugins"
    return ""


class Surroundings:
    """Namespaces and cgroups that end with the process that is started in them."""

    def __init__(self) -> None:
        self.name = f"/seatrial-containerd-{os.getpid()}"
        self.adopted: list[guardian.Hierarchy] = []
        self.hierarchies = guardian.hierarchies()

    def adopt(self) -> None:
        """Take controllers that a hybrid host leaves in its v2 hierarchy: containerd must see all that there are."""
        guardian.check(guardian.libc.unshare(guardian.CLONE_NEWNS), "unshare")
        guardian.mount("none", "/", None, guardian.MS_REC | guardian.MS_PRIVATE)
        _mount_tmpfs("/run")
        self.adopted = guardian.adopt_controllers_of_v2(self.hierarchies, "/run/cgroups")
        self.hierarchies += self.adopted

    def run(self, inside: object) -> int:
        """Call ``inside`` as process 1 of the namespaces, and return the exit status that it returns."""
        for number in guardian.DEAF_TO:
            signal.signal(number, signal.SIG_IGN)
        made = [Path(place) for place in PLACES if not Path(place).exists()]
        self.adopt()
        between = os.fork()
        if between == 0:
            os._exit(self._between(inside))
        status = os.waitstatus_to_exitcode(os.waitpid(between, 0)[1])
        for hierarchy in self.hierarchies:
            guardian.remove_cgroup(f"{hierarchy.point}{self.name}")
        for hierarchy in self.adopted:
            guardian.give_back(hierarchy)
        for place in made:
            place.rmdir()
        return status

    def _between(self, inside: object) -> int:
        _die_with_parent()
        for hierarchy in self.hierarchies:
            if hierarchy.unified:
                guardian.delegate(hierarchy.point)
            hierarchy.enter(self.name)
        guardian.check(guardian.libc.unshare(NAMESPACES | guardian.CLONE_NEWCGROUP), "unshare")
        child = os.fork()
        if child == 0:
            _die_with_parent()
            try:
                self._settle()
                status = inside()  # type: ignore[operator]
            except OSError as problem:
                print(f"containerd: {problem}", file=sys.stderr)
                status = 2
            os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF

    def _settle(self) -> None:
        """Mount what belongs to the new namespaces, and bring the loopback interface up."""
        flags = guardian.MS_NOSUID | guardian.MS_NODEV | guardian.MS_NOEXEC
        guardian.mount("none", "/", None, guardian.MS_REC | guardian.MS_PRIVATE)
        guardian.mount("proc", "/proc", "proc", flags)
        for hierarchy in self.hierarchies:
            if hierarchy.unified:  # a cgroup of v2 that has processes hands no controllers on
                hierarchy.enter(f"{self.name}/first")
                guardian.delegate(f"{hierarchy.point}{self.name}")
            kind, data = ("cgroup2", "") if hierarchy.unified else ("cgroup", ",".join(hierarchy.options))
            guardian.check(guardian.libc.umount2(hierarchy.point.encode(), guardian.MNT_DETACH), "umount")
            guardian.mount(kind, hierarchy.point, kind, flags, data)
        for place in PLACES:
            _mount_tmpfs(place)
        guardian.mount("none", "/run", None, 1 << 20)  # shared, as systemd has it: containers may ask for propagation
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            asked = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
            flags = struct.unpack("16sh14x", asked)[1] | IFF_UP
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags))


class Inside:
    """What process 1 of the namespaces does."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        program = Path(shutil.which(options.containerd) or "").resolve()
        self.containerd, self.ctr = program, program.with_name("ctr")
        self.environment = {**os.environ, "PATH": f"{program.parent}:{os.environ.get('PATH', '')}"}
        self.ended: dict[int, int] = {}

    def run(self) -> int:
        """Start containerd, run the command, and stop containerd."""
        self.configure()
        log = os.open(self.options.log or WORKSPACE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        daemon = self.start([str(self.containerd), "--config", f"{WORKSPACE}/config.toml"], output=log)
        if not self.until_listening(daemon):
            log_path = Path(self.options.log or WORKSPACE / "log")
            print(f"containerd did not start:\n{log_path.read_text()[-4000:]}", file=sys.stderr)
            return 2
        imported = self.start([str(self.ctr), "-n", "k8s.io", "images", "import", f"{WORKSPACE}/pause.tar"], output=log)
        if self.wait(imported) != 0:
            print("containerd: the pause image could not be imported", file=sys.stderr)
            return 2
        self.environment |= {"SEATRIAL_CRI": f"unix://{SOCKET}", "SEATRIAL_CRI_REGISTRY": REGISTRY}
        status = self.wait(self.start(self.options.command))
        os.kill(daemon, signal.SIGTERM)
        with suppress(ChildProcessError):
            self.wait(daemon)
        return status

    def configure(self) -> None:
        """Write the settings of containerd and of its network, and the pause image."""
        (WORKSPACE / "cni").mkdir(parents=True)
        said = subprocess.run([self.containerd, "--version"], capture_output=True, text=True, check=False).stdout
        version = next((word.lstrip("v") for word in said.split() if word.lstrip("v")[:1].isdigit()), "1")
        config = (CONFIG if version.startswith("1.") else CONFIG_2).format(
            workspace=WORKSPACE,
            socket=SOCKET,
            pause=PAUSE,
            plugins=self.options.plugins,
            snapshotter=self.options.snapshotter,
            runtime=shutil.which(self.options.runtime),
            restricted=str(not _may_lower_oom_score()).lower(),
        )
        (WORKSPACE / "config.toml").write_text(config)
        (WORKSPACE / "cni/10-seatrial.conflist").write_text(NETWORK.format(workspace=WORKSPACE))
        hosts = WORKSPACE / "registries" / REGISTRY
        hosts.mkdir(parents=True)
        (hosts / "hosts.toml").write_text(HOSTS.format(registry=REGISTRY))
        write_archive(WORKSPACE / "pause.tar", [(PAUSE, sample("pause"))])

    def start(self, argv: list[str], output: int | None = None) -> int:
        """Start a program; returns its pid."""
        actions = [] if output is None else [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
        return os.posix_spawnp(
            argv[0], argv, self.environment, file_actions=actions, setsigdef=[*guardian.DEAF_TO, signal.SIGPIPE]
        )

    def wait(self, pid: int) -> int:
        """Reap whatever ends until this program has; returns its exit status as a shell has it."""
        while pid not in self.ended:
            ended, status = os.waitpid(-1, 0)
            self.ended[ended] = os.waitstatus_to_exitcode(status)
        code = self.ended[pid]
        return code if code >= 0 else 128 - code

    def until_listening(self, daemon: int) -> bool:
        """Wait until containerd takes connections; False when it ended or took too long."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if os.waitpid(daemon, os.WNOHANG)[0] == daemon:
                return False
            with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
                client.connect(str(SOCKET))
                return True
            time.sleep(0.02)
        return False


def _mount_tmpfs(place: str) -> None:
    Path(place).mkdir(parents=True, exist_ok=True)
    guardian.mount("seatrial", place, "tmpfs", 0, "mode=0755")


def _die_with_parent() -> None:
    guardian.libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)


def _may_lower_oom_score() -> bool:
    """Whether the sandbox's score can be as low as the kubelet wants it: that takes CAP_SYS_RESOURCE."""
    effective = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return bool(int(effective.split()[1], 16) >> 24 & 1)


if __name__ == "__main__":
    sys.exit(main())
