"""``HOME``, which the configuration may leave out and most programs want: what the container's /etc/passwd says.

The specification neither asks for it nor forbids it; every runtime does so.
"""

from __future__ import annotations

import os

from reference_runtime.plan import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.plan import Op

_ACCOUNTS = "/etc/passwd"
_NOWHERE = "/"
#: More of a file that an image brings is not read, in bytes.
_MOST = 1 << 20


def plan(process: dict[str, Any]) -> Iterator[Op]:
    """The step that adds the variable, unless the configuration has it; an empty one is a value too."""
    env = process.setdefault("env", [])
    if not any(entry.startswith("HOME=") for entry in env):
        uid = process["user"]["uid"]
        yield Call("home", str(uid), f"take HOME of user {uid} from {_ACCOUNTS}", _add, env, uid)


def _add(env: list[str], uid: int) -> None:
    env.append(f"HOME={_home_of(uid)}")


def _home_of(uid: int) -> str:
    try:
        # Of a pipe nothing is awaited.
        descriptor = os.open(_ACCOUNTS, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, encoding="utf-8", errors="replace") as file:
            rows = [line.split(":") for line in file.read(_MOST).splitlines()]
    except OSError:
        return _NOWHERE
    return next((row[5] for row in rows if len(row) > 5 and row[2] == str(uid)), "") or _NOWHERE
