"""The command line of ``seatrial-cri``."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile

from reference_runtime.cri.errors import Unusable
from reference_runtime.cri.settings import PREFIX, REFERENCE, Settings

_UNIX = "unix://"
_ROOT, _STATE = "/var/lib/seatrial-cri", "/run/seatrial-cri"


def main(words: list[str] | None = None) -> int:
    """Runs the server; returns the exit status.  What the user got wrong is one line on the standard error."""
    options = _parser().parse_args(words)
    if options.bugs:
        return _list_bugs()
    try:
        _break(options.bug)
        _serve(settings_of(options))
    except Unusable as problem:
        print(f"seatrial-cri: {problem}", file=sys.stderr)
        return 2
    return 0


def _serve(settings: Settings) -> None:
    from reference_runtime.cri.server import serve  # noqa: PLC0415  # grpc takes a while

    try:
        serve(settings)
    except Unusable:
        if settings.temporary:
            shutil.rmtree(settings.temporary, ignore_errors=True)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seatrial-cri", description="A CRI server that follows the API's own comments to the letter."
    )
    add = parser.add_argument
    add("--listen", metavar="unix:///PATH", default="unix:///run/seatrial-cri/cri.sock", help="the socket")
    add(
        "--runtime", metavar="[NAME=]PATH", action="append", default=[], help="an OCI runtime; the first is the default"
    )
    add("--root", metavar="DIR", default="", help=f"where images and records are kept, {_ROOT} unless --ephemeral")
    add("--state", metavar="DIR", default="", help=f"where what runs is kept, {_STATE} unless --ephemeral")
    add("--cni-conf-dir", metavar="DIR", default="", help="networks by the first configuration there")
    add("--cni-bin-dir", metavar="DIR", default="/opt/cni/bin", help="the CNI plugins")
    add("--pod-cidr", metavar="NETWORK", default="", help="the network of pods, when no plugins make it")
    add("--stream-address", metavar="IP", default="127.0.0.1", help="where exec, attach and port-forward are served")
    add("--stream-port", metavar="PORT", type=int, default=0, help="0 is any")
    add("--pause-image", metavar="NAME", default="", help="an image for sandboxes instead of the included program")
    add(
        "--mirror", metavar="[HOST=]URL", action="append", default=[], help="where images of a registry, or of all, are"
    )
    add("--ephemeral", action="store_true", help="at the end remove everything that was made")
    add("--bug", metavar="NAME", action="append", default=[], help="break the server in one way; may be repeated")
    add("--bugs", action="store_true", help="list the ways to break it")
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """The options, checked.  Unusable when they make no sense."""
    if not options.listen.startswith(_UNIX + "/"):
        raise Unusable(f"--listen {options.listen}: has to be unix:///PATH")
    if options.cni_conf_dir and not os.path.isdir(options.cni_conf_dir):
        raise Unusable(f"--cni-conf-dir {options.cni_conf_dir}: there is no such folder")
    root, state, temporary = _folders(options)
    return Settings(
        temporary=temporary,
        socket=options.listen.removeprefix(_UNIX),
        root=root,
        state=state,
        runtimes=_runtimes(options.runtime),
        cni_conf=options.cni_conf_dir,
        cni_bin=options.cni_bin_dir,
        stream_address=options.stream_address,
        stream_port=options.stream_port,
        pause_image=options.pause_image,
        pod_cidr=options.pod_cidr,
        mirrors=_mirrors(options.mirror),
        ephemeral=options.ephemeral,
    )


def _mirrors(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        host, _, url = word.rpartition("=")
        if not re.fullmatch(r"https?://[^/]+.*", url):
            raise Unusable(f"--mirror {word}: {url} is no URL")
        found[host] = url.rstrip("/")
    return found


def _folders(options: argparse.Namespace) -> tuple[str, str, str]:
    """Where records are kept and what runs; a server that leaves nothing has new folders unless it is told some."""
    new = ""
    root, state = options.root or _ROOT, options.state or _STATE
    if options.ephemeral and not (options.root and options.state):
        new = tempfile.mkdtemp(prefix=PREFIX)
        root, state = options.root or os.path.join(new, "root"), options.state or os.path.join(new, "state")
    return os.path.abspath(root), os.path.abspath(state), new


def _runtimes(words: list[str]) -> dict[str, tuple[str, ...]]:
    """Handlers by name; the name is the file's unless it is given."""
    found: dict[str, tuple[str, ...]] = {}
    for word in words or ["reference"]:
        name, _, path = word.rpartition("=")
        if path == "reference":
            found[name or "reference"] = REFERENCE
            continue
        program = shutil.which(path)
        if program is None:
            raise Unusable(f"--runtime {word}: there is no such program")
        found[name or os.path.basename(path)] = (os.path.abspath(program),)
    return found


def _break(names: list[str]) -> None:
    """Switches faults on.  Unusable for one that there is not."""
    if not names:
        return
    from reference_runtime.cri import faults  # noqa: PLC0415  # a healthy server needs no register of faults
    from reference_runtime.cri.bugs import BUGS  # noqa: PLC0415

    for name in names:
        if name not in BUGS:
            raise Unusable(f"there is no bug {name}: see --bugs")
        faults.active[name] = BUGS[name]


def _list_bugs() -> int:
    from reference_runtime.cri.bugs import BUGS  # noqa: PLC0415  # as above

    width = max(map(len, BUGS))
    for name, bug in sorted(BUGS.items()):
        print(f"{name:{width}}  {bug.summary}")
    return 0
