"""Where a container's control groups are: what ``linux.cgroupsPath`` means (config-linux.md, "Cgroups Path")."""

from reference_runtime.errors import SpecError

# Places of the runtime's own, apart from each other so that no relative path meets a container's id.
DEFAULT_PARENT = "/seatrial"
RELATIVE_PARENT = "/seatrial-relative"


def resolve(path: str | None, container_id: str) -> str:
    """The path below the mount of every hierarchy, with a leading slash and no other than single ones.

    An absolute path is taken from the mount, a relative one from a fixed place, none at all means a default made of the
    container's id. SpecError for paths that leave their place or name none.
    """
    if path is None or path == "":
        return f"{DEFAULT_PARENT}/{container_id}"
    if not isinstance(path, str) or "\0" in path or "\n" in path:
        raise SpecError(f"linux.cgroupsPath: {path!r} is not a path of control groups")
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names:
        raise SpecError(f"linux.cgroupsPath: {path!r} must not lead upwards")
    if not names:
        raise SpecError(f"linux.cgroupsPath: {path!r} names the root of the hierarchies, which has no limits")
    return ("" if path.startswith("/") else RELATIVE_PARENT) + "/" + "/".join(names)
