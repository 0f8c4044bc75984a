"""The commands of the lifecycle."""

from __future__ import annotations

import os

from reference_runtime import faults, lifecycle
from reference_runtime.errors import RuntimeFault
from reference_runtime.store import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.run import Settings

    Values = dict[str, Any]


def create(values: Values, words: list[str]) -> int:
    """``create ID``."""
    from reference_runtime.compiler import describe  # noqa: PLC0415  # the other commands need none of it
    from reference_runtime.creation import create as make  # noqa: PLC0415
    from reference_runtime.creation import prepare  # noqa: PLC0415

    container, settings = Container(values["root"], words[0]), settings_of(values)
    if values["plan"]:
        for line in describe(prepare(container.id, settings)[1]):
            print(line)
        return 0
    make(container, settings, _absolute(values["pid-file"]))
    if faults.has("create-runs-program"):
        lifecycle.start(container)
    return 0


def settings_of(values: Values) -> Settings:
    """What the options of create and run say."""
    from reference_runtime.run import Settings  # noqa: PLC0415  # the other commands need none of it

    settings = Settings(os.path.abspath(values["bundle"]))
    settings.pivot = not values["no-pivot"]
    settings.keyring = not values["no-new-keyring"]
    settings.preserved = preserved(values["preserve-fds"])
    if values["console-socket"]:
        from reference_runtime.terminal import connect  # noqa: PLC0415  # few containers have a terminal

        settings.console = connect(values["console-socket"])
    return settings


def preserved(number: int) -> int:
    """The number of descriptors to pass on, all of which must be open."""
    for descriptor in range(3, 3 + number):
        try:
            os.fstat(descriptor)
        except OSError:
            raise RuntimeFault(f"--preserve-fds {number}: descriptor {descriptor} is not open") from None
    return 0 if faults.has("descriptors-preserved-dropped") else number


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""


def start(values: Values, words: list[str]) -> int:
    """``start ID``."""
    lifecycle.start(Container(values["root"], words[0]))
    return 0


def run(values: Values, words: list[str]) -> int:
    """``run ID``; the exit status is the program's."""
    from reference_runtime.foreground import run_container  # noqa: PLC0415  # the other commands need none of it

    status = run_container(Container(values["root"], words[0]), settings_of(values), values)
    return 0 if faults.has("run-status-zero") else status


def kill(values: Values, words: list[str]) -> int:
    """``kill ID [SIGNAL]``."""
    from reference_runtime.signals import number  # noqa: PLC0415  # needs ctypes, which start does not

    signal = number(words[1] if len(words) > 1 else "TERM")
    lifecycle.kill(Container(values["root"], words[0]), signal, everyone=values["all"])
    return 0


def delete(values: Values, words: list[str]) -> int:
    """``delete ID``."""
    lifecycle.delete(Container(values["root"], words[0]), force=values["force"])
    return 0


def pause(values: Values, words: list[str]) -> int:
    """``pause ID``."""
    lifecycle.pause(Container(values["root"], words[0]))
    return 0


def resume(values: Values, words: list[str]) -> int:
    """``resume ID``."""
    lifecycle.resume(Container(values["root"], words[0]))
    return 0
