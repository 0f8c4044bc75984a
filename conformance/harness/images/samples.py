"""The images that the suite makes, by name: each has one thing that a server must do right with images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache

from conformance.harness.images.image import Image
from conformance.harness.images.layer import TAR, File, Layer, folder, opaque, symlink, whiteout
from conformance.probe.report import binary

PASSWD = b"root:x:0:0:root:/:/probe\nmate:x:1000:1000:the mate:/home/mate:/probe\nbosun:x:1001:100::/:/probe\n"
GROUP = b"root:x:0:\nusers:x:100:\nmate:x:1000:\ncrew:x:2000:mate,bosun\nanchor:x:2001:mate\n"
#: The signal that the image `stop-signal` asks for.
STOP_SIGNAL = "SIGUSR1"


@cache
def probe_layer(*more: File) -> Layer:
    """The probe, the folders that every program may expect, and further files."""
    folders = [folder("etc"), folder("mnt"), folder("tmp", 0o1777), folder("var")]
    files = [File("etc/passwd", PASSWD), File("etc/group", GROUP), File("probe", binary().read_bytes(), 0o755)]
    return Layer((*folders, *files, *more))


def probe(name: str, *more: Layer, files: tuple[File, ...] = (), **settings: object) -> Image:
    """An image that runs the probe, with settings over the usual ones and layers on top."""
    usual = {"Entrypoint": ["/probe"], "Cmd": ["report"], "Env": ["PATH=/"]}
    return Image(name, (probe_layer(*files), *more), usual | settings)


def _layers() -> Image:
    first = Layer((folder("hold"), File("hold/a", b"1"), File("hold/b", b"1"), File("gone", b"1"), File("kept", b"1")))
    second = Layer((folder("hold"), opaque("hold"), File("hold/c", b"2"), whiteout("gone"), File("kept", b"2")))
    third = Layer((folder("hold"), File("hold/d", b"3"), symlink("link", "kept")))
    return probe("layers", first, second, third)


def _pause() -> Image:
    return Image(
        "pause",
        (Layer((File("pause", binary().read_bytes(), 0o755),)),),
        {"Entrypoint": ["/pause", "trap", "TERM", "wait"]},
    )


_MADE: dict[str, Callable[[], Image]] = {
    "probe": lambda: probe("probe"),
    "pause": _pause,
    "user-name": lambda: probe("user-name", User="mate"),
    "user-number": lambda: probe("user-number", User="1000"),
    "user-group": lambda: probe("user-group", User="mate:crew"),
    "user-numbers": lambda: probe("user-numbers", User="1000:2001"),
    "user-unknown": lambda: probe("user-unknown", User="stowaway"),
    "volumes": lambda: probe("volumes", files=(folder("data"), File("data/cargo", b"tea")), Volumes={"/data": {}}),
    "entrypoint": lambda: probe("entrypoint", Entrypoint=["/probe", "report"], Cmd=["tag", "cmd"]),
    "no-entrypoint": lambda: probe("no-entrypoint", Entrypoint=None, Cmd=["/probe", "report"]),
    "env": lambda: probe("env", Env=["PATH=/", "SEA=deep", "TIDE=low", "EMPTY="]),
    "workdir": lambda: probe("workdir", files=(folder("srv"),), WorkingDir="/srv"),
    "workdir-absent": lambda: probe("workdir-absent", WorkingDir="/not/there"),
    "stop-signal": lambda: probe("stop-signal", StopSignal=STOP_SIGNAL),
    "layers": _layers,
    "no-history": lambda: dataclasses.replace(probe("no-history"), history=False),
    "no-media-type": lambda: dataclasses.replace(probe("no-media-type", Labels={"odd": "3"}), typed=False),
    "empty-layer": lambda: probe("empty-layer", Layer()),
    "uncompressed": lambda: probe("uncompressed", Layer((File("plain", b"tar"),), TAR)),
    "docker": lambda: dataclasses.replace(probe("docker", Labels={"odd": "1"}), docker=True),
    "index": lambda: dataclasses.replace(probe("index", Labels={"odd": "2"}), others=("s390x", "riscv64")),
    "annotations": lambda: dataclasses.replace(
        probe("annotations", Labels={"org.seatrial.label": "kept"}), annotations={"org.seatrial.note": "kept"}
    ),
}
NAMES = tuple(_MADE)


@cache
def sample(name: str) -> Image:
    """The image of that name.  Raises KeyError when there is none."""
    return _MADE[name]()


def variant(name: str, mark: str) -> Image:
    """The same image with a label of its own, so that no other test has one of its digest."""
    image = sample(name)
    return dataclasses.replace(image, settings=image.settings | {"Labels": {"org.seatrial.variant": mark}})
