"""The commands that only look: ``state``, ``list`` and ``ps``."""

from __future__ import annotations

import sys

from reference_runtime import documents, faults
from reference_runtime.errors import Missing, RuntimeFault
from reference_runtime.options import Usage
from reference_runtime.store import Container, containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Values = dict[str, Any]

_COLUMNS = ("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER")


def state(values: Values, words: list[str]) -> int:
    """``state ID``: the state of runtime.md, with what runc's users find there too."""
    container = Container(values["root"], words[0]).load()
    document = container.state()
    if document.get("status") == "paused" and faults.has("state-forgets-paused"):
        raise Missing(f"container {container.id} does not exist")
    document.update(rootfs=container.document["rootfs"], created=container.document["created"])
    print(documents.text(document))
    return 0


def list_all(values: Values, _: list[str]) -> int:
    """``list``: all containers below the root."""
    found = [] if faults.has("list-forgets") else containers(values["root"])
    if values["quiet"]:
        sys.stdout.writelines(f"{container.id}\n" for container in found)
    elif _is_json(values["format"]):
        print(documents.text([_entry(container) for container in found], " "))
    else:
        _print_table([_COLUMNS, *(_row(container) for container in found)])
    return 0


def _is_json(form: str) -> bool:
    if form not in {"table", "json"}:
        raise Usage(f"--format is table or json, not {form!r}")
    return form == "json"


def _entry(container: Container) -> dict[str, Any]:
    state = container.state()
    document = {"ociVersion": state["ociVersion"], "id": container.id, "pid": 0, **state}
    document.update({name: container.document[name] for name in ("rootfs", "created")})
    document["owner"] = _owner(container)
    return document


def _row(container: Container) -> tuple[str, ...]:
    entry = _entry(container)
    return tuple(str(entry[name.lower()]) for name in _COLUMNS)


def _owner(container: Container) -> str:
    uid = str(container.document["uid"])
    with open("/etc/passwd", encoding="utf-8", errors="replace") as file:
        names = [line.split(":")[0] for line in file if line.split(":")[2:3] == [uid]]
    return names[0] if names else f"#{uid}"


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("   ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())


def ps(values: Values, words: list[str]) -> int:
    """``ps ID``: the processes of a container, as the program ps prints them, or their ids alone."""
    from reference_runtime.cgroups import Cgroup  # noqa: PLC0415  # the other queries do not need it

    container = Container(values["root"], words[0]).load()
    empty = faults.has("ps-empty") or not container.alive()
    pids = [] if empty else Cgroup.from_json(container.document["cgroup"]).processes()
    if _is_json(values["format"]):
        print(documents.text(pids, " "))
        return 0
    _print_processes(words[1:] or ["-ef"], {str(pid) for pid in pids})
    return 0


def _print_processes(options: list[str], pids: set[str]) -> None:
    """The lines of ps(1) that are about the container's processes, below their headings."""
    import subprocess  # noqa: PLC0415  # the only command that starts a program of the host

    answer = subprocess.run(["ps", *options], stdout=subprocess.PIPE, text=True, check=False)
    heading, *lines = answer.stdout.splitlines() or [""]
    if "PID" not in heading.split():
        raise RuntimeFault("the output of ps has no column PID")
    column = heading.split().index("PID")
    print(heading)
    for line in lines:
        if line.split()[column] in pids:
            print(line)
