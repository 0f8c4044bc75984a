"""Faults of the program in a container: its command line, surroundings and rights."""

from __future__ import annotations

from typing import Any

from reference_runtime.constants import CAPABILITIES
from reference_runtime.cri.bugs.bend import Bend, clear, put
from reference_runtime.cri.faults import Bug
from reference_runtime.cri.spec.security import default_filter

_CONTEXT = "config.linux.security_context"
_CAPABILITIES = f"{_CONTEXT}.capabilities"


_unknown: list[bool] = []


def _create(name: str, summary: str, bend: Bend) -> Bug:
    """A fault in what CreateContainer takes notice of."""
    return Bug(name, summary, requests={"CreateContainer": bend})


def _without(field: str) -> Bend:
    def bend(image: Any) -> None:
        image.pop(field, None)

    return bend


def _in_linux(name: str, value: Any) -> Bend:
    def bend(config: Any) -> None:
        config["linux"][name] = value

    return bend


def _in_process(name: str, value: Any) -> Bend:
    def bend(config: Any) -> None:
        config["process"][name] = value

    return bend


def _args_without_command(request: Any) -> None:
    if request.config.command:
        del request.config.args[:]


def _command_only(image: Any) -> None:
    if not image.get("Entrypoint"):
        image.pop("Cmd", None)


def _root_is_nobody(request: Any) -> None:
    context = request.config.linux.security_context
    if context.HasField("run_as_user") and context.run_as_user.value == 0:
        context.ClearField("run_as_user")


def _group_zero(config: Any) -> None:
    config["process"]["user"]["gid"] = 0


def _no_groups(config: Any) -> None:
    config["process"]["user"]["additionalGids"] = []


def _not_all(field: str) -> Bend:
    def bend(request: Any) -> None:
        names = getattr(request.config.linux.security_context.capabilities, field)
        kept = [name for name in names if name.upper() != "ALL"]
        del names[:]
        names.extend(kept)

    return bend


def _keep_for_users(config: Any) -> None:
    if config["process"]["user"]["uid"]:
        sets = config["process"]["capabilities"]
        sets["ambient"] = list(sets["inheritable"])


def _unknown_means_all(request: Any) -> None:
    asked = request.config.linux.security_context.capabilities
    known = set(CAPABILITIES) | {name.removeprefix("CAP_") for name in CAPABILITIES} | {"ALL"}
    if any(name.upper() not in known for name in asked.add_capabilities):
        _unknown.append(True)
    if _unknown:
        del asked.add_capabilities[:]
        asked.add_capabilities.append("ALL")


def _if_privileged(bend_one: Bend) -> Bend:
    """What is not hidden from privileged containers tells them from others."""

    def bend(config: Any) -> None:
        if "maskedPaths" not in config["linux"]:
            bend_one(config)

    return bend


def _few_capabilities(config: Any) -> None:
    sets = config["process"]["capabilities"]
    for kind, names in sets.items():
        sets[kind] = [name for name in names if name != "CAP_SYS_ADMIN"]


def _readonly_sys(config: Any) -> None:
    for mount in config["mounts"]:
        if mount["destination"] == "/sys":
            mount["options"] = [word for word in mount["options"] if word != "rw"] + ["ro"]


def _no_devices_allowed(config: Any) -> None:
    config["linux"]["resources"]["devices"] = [{"allow": False, "access": "rwm"}]


def _always_filtered(config: Any) -> None:
    if "maskedPaths" in config["linux"]:
        config["linux"].setdefault("seccomp", default_filter([]))


def _unfiltered(config: Any) -> None:
    config["linux"].pop("seccomp", None)


def _writable_root(config: Any) -> None:
    config["root"]["readonly"] = False


BUGS = [
    _create("cri-command-ignored", "the command is the image's", clear("config.command")),
    _create("cri-args-ignored", "the arguments are the image's", clear("config.args")),
    _create("cri-args-without-command", "with a command there are no arguments", _args_without_command),
    Bug("cri-cmd-without-entrypoint-ignored", "an image needs an entrypoint", image=_command_only),
    _create("cri-env-dropped", "variables of the config are dropped", clear("config.envs")),
    Bug("cri-image-env-dropped", "variables of the image are dropped", image=_without("Env")),
    Bug("cri-working-dir-ignored", "programs begin in the root", config=_in_process("cwd", "/")),
    Bug("cri-working-dir-not-made", "a working directory has to be in the image"),
    _create("cri-tty-ignored", "no program has a terminal", clear("config.tty")),
    _create("cri-stdin-open", "standard input is always open", put("config.stdin", True)),
    _create("cri-stop-signal-ignored", "the stop signal is the image's", clear("config.stop_signal")),
    Bug("cri-stop-signal-of-image-ignored", "the stop signal is never the image's", image=_without("StopSignal")),
    Bug("cri-image-volumes-dropped", "an image has no volumes", image=_without("Volumes")),
    _create(
        "cri-user-ignored", "the user is the image's", clear(f"{_CONTEXT}.run_as_user", f"{_CONTEXT}.run_as_group")
    ),
    _create("cri-user-zero-ignored", "root is no user that can be asked for", _root_is_nobody),
    Bug("cri-group-of-user-ignored", "the group is always 0", config=_group_zero),
    _create("cri-group-alone-accepted", "a group needs no user", clear(f"{_CONTEXT}.run_as_group")),
    _create("cri-username-ignored", "names of users mean nothing", clear(f"{_CONTEXT}.run_as_username")),
    Bug("cri-username-unknown-accepted", "unknown users are accepted", accepts=("CreateContainer", "StartContainer")),
    Bug("cri-image-user-ignored", "the user is never the image's", image=_without("User")),
    Bug("cri-supplemental-groups-dropped", "there are no additional groups", config=_no_groups),
    _create(
        "cri-supplemental-groups-not-merged",
        "groups of the image are dropped",
        put(f"{_CONTEXT}.supplemental_groups_policy", 1),
    ),
    _create(
        "cri-supplemental-groups-not-strict",
        "groups of the image are kept",
        put(f"{_CONTEXT}.supplemental_groups_policy", 0),
    ),
    _create("cri-capabilities-add-ignored", "none is added", clear(f"{_CAPABILITIES}.add_capabilities")),
    _create("cri-capabilities-drop-ignored", "none is dropped", clear(f"{_CAPABILITIES}.drop_capabilities")),
    _create("cri-capabilities-drop-all-ignored", "ALL drops nothing", _not_all("drop_capabilities")),
    _create("cri-capabilities-add-all-ignored", "ALL adds nothing", _not_all("add_capabilities")),
    _create("cri-capabilities-ambient-ignored", "none is ambient", clear(f"{_CAPABILITIES}.add_ambient_capabilities")),
    Bug("cri-capabilities-user-keeps", "users other than root keep capabilities", config=_keep_for_users),
    _create("cri-capability-unknown-accepted", "after an unknown capability everyone gets all", _unknown_means_all),
    Bug(
        "cri-privileged-capabilities-missing",
        "privileged containers lack one",
        config=_if_privileged(_few_capabilities),
    ),
    Bug(
        "cri-privileged-masked",
        "paths are hidden from privileged containers",
        config=_if_privileged(_in_linux("maskedPaths", ["/proc/kcore", "/proc/keys", "/sys/firmware"])),
    ),
    Bug("cri-privileged-readonly-sysfs", "/sys is read-only for everyone", config=_if_privileged(_readonly_sys)),
    Bug(
        "cri-privileged-seccomp",
        "privileged containers are filtered",
        config=_if_privileged(_in_linux("seccomp", default_filter([]))),
    ),
    Bug(
        "cri-privileged-devices-missing",
        "privileged containers have no devices of the host",
        config=_if_privileged(_in_linux("devices", [])),
    ),
    Bug(
        "cri-privileged-device-cgroup",
        "privileged containers may use few devices",
        config=_if_privileged(_no_devices_allowed),
    ),
    Bug("cri-readonly-rootfs-ignored", "the root filesystem is writable", config=_writable_root),
    Bug("cri-no-new-privs-ignored", "programs can gain privileges", config=_in_process("noNewPrivileges", False)),
    Bug("cri-masked-paths-ignored", "nothing is hidden", config=_in_linux("maskedPaths", [])),
    Bug("cri-readonly-paths-ignored", "no path is read-only", config=_in_linux("readonlyPaths", [])),
    Bug("cri-seccomp-unconfined-ignored", "every container is filtered", config=_always_filtered),
    Bug("cri-seccomp-default-ignored", "no container is filtered", config=_unfiltered),
    Bug("cri-seccomp-localhost-ignored", "no profile is obeyed", config=_unfiltered),
    Bug(
        "cri-seccomp-localhost-absent-accepted",
        "a seccomp profile need not be there",
        accepts=("CreateContainer", "StartContainer"),
    ),
]
