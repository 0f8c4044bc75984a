"""Faults of mounts, devices and limits."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri.bugs.bend import Bend, clear
from reference_runtime.cri.faults import Bug

_MADE = ("CreateContainer", "StartContainer")


def _create(name: str, summary: str, bend: Bend) -> Bug:
    """A fault in what CreateContainer takes notice of."""
    return Bug(name, summary, requests={"CreateContainer": bend})


def _options(change: dict[str, str]) -> Bend:
    """Other words for some of the options of bind mounts; an empty one is left out."""

    def bend(config: Any) -> None:
        for mount in config["mounts"]:
            if mount["type"] == "bind":
                words = [change.get(word, word) for word in mount["options"]]
                mount["options"] = [word for word in words if word]

    return bend


def _always_slave(config: Any) -> None:
    _options({"rprivate": "rslave"})(config)
    config["linux"]["rootfsPropagation"] = "slave"


def _deepest_first(config: Any) -> None:
    binds = [mount for mount in config["mounts"] if mount["type"] == "bind"]
    others = [mount for mount in config["mounts"] if mount["type"] != "bind"]
    config["mounts"] = others + sorted(binds, key=lambda mount: -mount["destination"].count("/"))


def _without_images(request: Any) -> None:
    kept = [mount for mount in request.config.mounts if not mount.image.image]
    del request.config.mounts[:]
    request.config.mounts.extend(kept)


def _whole_images(request: Any) -> None:
    for mount in request.config.mounts:
        mount.ClearField("image_sub_path")


def _readable_only(config: Any) -> None:
    config["linux"]["resources"]["devices"] = [{"allow": False, "access": "rwm"}]


def _all_allowed(config: Any) -> None:
    for rule in config["linux"]["resources"]["devices"]:
        if rule["allow"]:
            rule["access"] = "rwm"


def _no_limits(config: Any) -> None:
    config["linux"]["resources"] = {"devices": config["linux"]["resources"]["devices"]}


def _no_limit(section: str, *names: str) -> Bend:
    def bend(config: Any) -> None:
        for name in names:
            config["linux"]["resources"].get(section, {}).pop(name, None)

    return bend


def _any_huge_pages(config: Any) -> None:
    config["linux"]["resources"].pop("hugepageLimits", None)


BUGS = [
    _create("cri-mounts-dropped", "nothing is mounted", clear("config.mounts")),
    Bug("cri-mounts-unordered", "mounts hide those below them", config=_deepest_first),
    Bug("cri-mounts-absent-accepted", "what is mounted need not be there", accepts=_MADE),
    Bug("cri-mounts-symlink-kept", "what a link leads to is not mounted"),
    Bug("cri-mounts-readonly-ignored", "mounts are writable", config=_options({"ro": "rw", "rro": ""})),
    Bug("cri-mounts-recursive-read-only-ignored", "what is below is writable", config=_options({"rro": ""})),
    Bug("cri-mounts-recursive-read-only-unchecked", "what contradicts itself is mounted"),
    Bug("cri-propagation-private-ignored", "mounts of the host show always", config=_always_slave),
    Bug("cri-propagation-slave-ignored", "mounts of the host never show", config=_options({"rslave": "rprivate"})),
    Bug("cri-propagation-shared-ignored", "mounts never show on the host", config=_options({"rshared": "rslave"})),
    _create("cri-image-mount-ignored", "images are not mounted", _without_images),
    Bug("cri-image-mount-writable", "images that are mounted can be written"),
    _create("cri-image-sub-path-ignored", "images are always mounted whole", _whole_images),
    Bug("cri-mount-options-ignored", "further options of mounts are ignored"),
    _create("cri-devices-dropped", "there are no further devices", clear("config.devices")),
    Bug("cri-devices-unusable", "devices can not be used", config=_readable_only),
    Bug("cri-device-permissions-ignored", "devices can be used in every way", config=_all_allowed),
    Bug("cri-devices-absent-accepted", "a device need not be there", accepts=_MADE),
    Bug("cri-limits-dropped", "nothing is limited", config=_no_limits),
    Bug("cri-memory-limit-dropped", "memory is not limited", config=_no_limit("memory", "limit", "swap")),
    Bug("cri-swap-limit-dropped", "swap is not limited", config=_no_limit("memory", "swap")),
    Bug("cri-cpu-quota-dropped", "the processor is not limited", config=_no_limit("cpu", "quota", "period")),
    Bug("cri-cpu-shares-dropped", "all have the same share of the processor", config=_no_limit("cpu", "shares")),
    Bug("cri-cpuset-dropped", "every processor can be used", config=_no_limit("cpu", "cpus", "mems")),
    Bug("cri-hugepages-dropped", "huge pages are not limited", config=_any_huge_pages),
    _create("cri-oom-score-dropped", "the OOM score is the usual one", clear("config.linux.resources.oom_score_adj")),
    Bug("cri-update-ignored", "the limits of a container stay as they were"),
    Bug("cri-update-refused", "limits can not be updated", refuses=("UpdateContainerResources",)),
    Bug("cri-update-resets-others", "limits that an update does not name are lifted"),
    Bug("cri-update-of-created-lost", "an update before the start is lost"),
    Bug("cri-update-absent-accepted", "what is not there can be updated", accepts=("UpdateContainerResources",)),
    Bug("cri-update-failure-hidden", "an update that fails is no error", accepts=("UpdateContainerResources",)),
]
