"""Faults in the state document (runtime.md, "State")."""

from __future__ import annotations

from reference_runtime.bugs.bend import change, drop, first, put, replace
from reference_runtime.bugs.registry import Bug

_FIELDS = {"version": "ociVersion", "id": "id", "status": "status", "pid": "pid", "bundle": "bundle"}

BUGS = [
    Bug("state-forgets-paused", "a paused container is said not to exist"),
    *(
        Bug(f"state-{word}-missing", f"the state has no {field}", state=drop(field))
        for word, field in (_FIELDS | {"annotations": "annotations"}).items()
    ),
    Bug("state-version-wrong", "the state has an ociVersion that is none", state=put("ociVersion", "latest")),
    Bug("state-id-wrong", "the state has another id", state=change("id", lambda name: f"{name}-0")),
    Bug("state-pid-off-by-one", "the state has another process's id", state=change("pid", lambda pid: pid + 1)),
    Bug("state-pid-text", "the process id in the state is a string", state=change("pid", str)),
    Bug("state-pid-zero", "the process id in the state is 0", state=change("pid", lambda _: 0)),
    Bug("state-pid-of-runtime", "the process id in the state is 1", state=change("pid", lambda _: 1)),
    Bug(
        "state-bundle-relative",
        "the bundle in the state is no absolute path",
        state=change("bundle", lambda path: path.rpartition("/")[2]),
    ),
    Bug("state-bundle-wrong", "the bundle in the state is another folder", state=put("bundle", "/")),
    Bug(
        "state-bundle-is-rootfs",
        "the bundle in the state is the root filesystem",
        state=change("bundle", lambda path: f"{path}/rootfs"),
    ),
    Bug("state-annotations-first-only", "the state has only the first annotation", state=first("annotations")),
    Bug(
        "state-annotations-lower-case",
        "the names of annotations are in lower case",
        state=change("annotations", lambda items: {name.lower(): item for name, item in items.items()}),
    ),
    *(
        Bug(
            f"state-{wrong}-for-{right}",
            f"a {right} container is said to be {wrong}",
            state=replace("status", right, wrong),
        )
        for right, wrong in (
            ("created", "running"),
            ("created", "creating"),
            ("running", "created"),
            ("running", "stopped"),
            ("stopped", "running"),
            ("stopped", "exited"),
            ("creating", "created"),
        )
    ),
]
