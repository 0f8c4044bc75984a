"""Whom a container runs as: numbers, or names that are looked up in the image's own /etc/passwd and /etc/group."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime import libc
from reference_runtime.cri.errors import Invalid


@dataclasses.dataclass
class User:
    """Numbers, and the home folder that the image gives."""

    uid: int = 0
    gid: int = 0
    groups: list[int] = dataclasses.field(default_factory=list)
    home: str = "/"


class Accounts:
    """The accounts of a root filesystem."""

    def __init__(self, root: str) -> None:
        self._users = [row for row in _rows(root, "etc/passwd") if len(row) >= 6]
        self._groups = [row for row in _rows(root, "etc/group") if len(row) >= 3]

    def user(self, word: str) -> User:
        """The user of a name or number.  Invalid for a name that nobody has."""
        for name, _, uid, gid, _, home, *_ in self._users:
            if word in {name, uid}:
                return User(int(uid), int(gid), self._memberships(name, int(gid)), home or "/")
        if not word.isdigit():
            raise Invalid(f"the image has no user {word!r} in its /etc/passwd")
        return User(int(word))

    def group(self, word: str) -> int:
        """The number of a group.  Invalid for a name that none has."""
        for name, _, gid, *_ in self._groups:
            if word in {name, gid}:
                return int(gid)
        if not word.isdigit():
            raise Invalid(f"the image has no group {word!r} in its /etc/group")
        return int(word)

    def _memberships(self, name: str, primary: int) -> list[int]:
        found = [int(row[2]) for row in self._groups if len(row) > 3 and name in row[3].split(",")]
        return sorted({gid for gid in found if gid != primary})


def _rows(root: str, name: str) -> list[list[str]]:
    """The lines of a file below a root, which no link leads out of."""
    try:
        folder = os.open(root, os.O_PATH | os.O_DIRECTORY)
        try:
            with open(libc.openat2(folder, name, os.O_RDONLY), encoding="utf-8", errors="surrogateescape") as file:
                rows = [line.rstrip("\n").split(":") for line in file]
        finally:
            os.close(folder)
    except OSError:
        return []
    return [row for row in rows if len(row) > 2 and row[2].isdigit() and not row[0].startswith("#")]


def user_of(security: Any, image: dict[str, Any], root: str) -> User:
    """Whom the security context of a container, or else its image, names."""
    accounts = Accounts(root)
    has_uid, name = security.HasField("run_as_user"), security.run_as_username
    if has_uid and name:
        raise Invalid("run_as_user and run_as_username exclude each other")
    if security.HasField("run_as_group") and not has_uid and not name:
        raise Invalid("run_as_group needs run_as_user or run_as_username")
    if has_uid and not 0 <= security.run_as_user.value < 2**32:
        raise Invalid(f"run_as_user: {security.run_as_user.value} is no number of a user")
    named, _, group = str(image.get("User") or "").partition(":")
    word = str(security.run_as_user.value) if has_uid else name or named
    user = accounts.user(word) if word else accounts.user("0")
    if group and not has_uid and not name:
        user.gid = accounts.group(group)
    if security.HasField("run_as_group"):
        user.gid = security.run_as_group.value
    further = list(security.supplemental_groups)
    if security.supplemental_groups_policy == api_pb2.Strict:
        user.groups = further
    else:
        user.groups = further + [gid for gid in user.groups if gid not in further]
    # As login programs do, the primary group is one of them.
    user.groups = list(dict.fromkeys([user.gid, *user.groups]))
    return user
