"""All facts of a config, and what the probe must be asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.edits import do
from strategies.models.hooks import of_hooks
from strategies.models.linux import ASKED, of_linux
from strategies.models.mounts import of_mounts, questions_about_mounts
from strategies.models.process import of_process
from strategies.models.resources import of_resources

if TYPE_CHECKING:
    from strategies.edit import Edit
    from strategies.models.fact import Expected


def expected(config: dict[str, Any], under: str = "") -> list[Expected]:
    """What must be seen of a valid config; ``under`` are the shell commands that changed who called create."""
    return [*of_process(config, under), *of_mounts(config), *of_linux(config), *of_hooks(config), *of_resources(config)]


def questions(config: dict[str, Any]) -> list[Edit]:
    """The verbs that the probe must carry out for ``expected`` to be seen, unless the program is another."""
    words = config["process"]["args"]
    if words[:2] != ["/probe", "report"] or "--" in words:
        return []
    linux = config.get("linux", {})
    edits = [*questions_about_mounts(config), *(do("stat", entry["path"]) for entry in linux.get("devices", ()))]
    edits += [do("read", "/proc/sys/" + name.replace(".", "/")) for name in linux.get("sysctl", {})]
    edits += [do(verb, path) for path in linux.get("maskedPaths", ()) for verb in ("read", "list")]
    edits += [
        change
        for path in linux.get("readonlyPaths", ())
        for change in (do("open", path, "w"), do("mkdir", f"{path}/sea"))
    ]
    names = [name for rule in linux.get("seccomp", {}).get("syscalls", ()) for name in rule["names"]]
    return [*edits, *([do("personality", ASKED)] if "personality" in names else [])]
