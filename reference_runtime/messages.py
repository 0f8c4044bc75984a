"""What the user is told: on the standard error, and in the file of ``--log``."""

from __future__ import annotations

import os
import sys
import time

from reference_runtime import documents
from reference_runtime.errors import RuntimeFault

_log: dict[str, str] = {"path": "", "format": "text"}


def log_to(path: str, form: str) -> None:
    """Messages also go to a file, as ``text`` or ``json`` lines.  RuntimeFault when it can not be written."""
    if path:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644))
        except OSError as problem:
            raise RuntimeFault(f"--log {path}: {problem.strerror}") from None
    _log.update(path=os.path.abspath(path) if path else "", format=form)


def warn(text: str) -> None:
    """Something is not as wished, and the operation goes on (runtime.md, "Warnings")."""
    _tell("warning", text)


def error(text: str) -> None:
    """The operation has failed."""
    _tell("error", text)


def _tell(level: str, text: str) -> None:
    line = " ".join(text.split("\n"))
    print(f"seatrial-runtime: {level}: {line}", file=sys.stderr)
    if not _log["path"]:
        return
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if _log["format"] == "json":
        line = documents.text({"level": level, "msg": line, "time": now}, " ")
    else:
        line = f'time="{now}" level={level} msg={documents.quoted(line)}'
    with open(_log["path"], "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(line + "\n")
