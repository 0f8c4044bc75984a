"""Configs that mean the same must have the same effect (metamorphic relations)."""

from __future__ import annotations

import json
import shlex
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.fuzz.attempts import Attempt
from conformance.fuzz.errors import EqualsDiffer
from conformance.fuzz.pictures import differences, picture
from conformance.harness.observed import span
from strategies.places import entries, section

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.fuzz.attempts import Bench
    from conformance.harness.runtime import Runtime

Config = dict[str, Any]


@dataclass(frozen=True)
class Relation:
    """A change that changes nothing; ``text`` is how the document is written, where that is the change."""

    about: str
    requirement: str
    change: Callable[[Config], Config]
    text: Callable[[Config], str] | None = None


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def _same(config: Config) -> Config:
    return config


def _with_unknown(config: Config) -> Config:
    for place in ((), ("process",), ("process", "user"), ("root",), ("linux",)):
        section(config, *place)["org.example.unknown"] = {"a": [1, None]}
    return config


def _with_other_case(config: Config) -> Config:
    """Names are case-sensitive in JSON: these are unknown ones."""
    config["Hostname"] = "unknown"
    section(config, "process")["CWD"] = "/proc"
    section(config, "process", "user")["UID"] = 77
    section(config, "root")["ReadOnly"] = True
    return config


def _with_defaults(config: Config) -> Config:
    process = section(config, "process")
    process.setdefault("terminal", False)
    process.setdefault("noNewPrivileges", False)
    process.setdefault("rlimits", [])
    section(config, "process", "user").setdefault("additionalGids", [])
    section(config, "root").setdefault("readonly", False)
    config.setdefault("annotations", {})
    config.setdefault("hooks", {})
    return config


def _with_empty_lists(config: Config) -> Config:
    linux = section(config, "linux")
    for name in ("devices", "maskedPaths", "readonlyPaths", "uidMappings", "gidMappings"):
        linux.setdefault(name, [])
    linux.setdefault("sysctl", {})
    linux.setdefault("resources", {})
    for kind in ("prestart", "createRuntime", "poststop"):
        entries(config, "hooks", kind)
    return config


def _with_namespaces_backwards(config: Config) -> Config:
    entries(config, "linux", "namespaces").reverse()
    return config


def _with_sets_backwards(config: Config) -> Config:
    process = section(config, "process")
    for names in process.get("capabilities", {}).values():
        names.reverse()
    process.get("rlimits", []).reverse()
    process.get("user", {}).get("additionalGids", []).reverse()
    return config


def _with_terse_mounts(config: Config) -> Config:
    for mount in config["mounts"]:
        mount["destination"] = "/" + mount["destination"]
    return config


UNKNOWN = "extensibility.unknown-property"
RELATIONS = (
    Relation("the order of keys", "create.properties-applied", _reversed),
    Relation("unknown properties", UNKNOWN, _with_unknown),
    Relation("properties whose names differ in case", UNKNOWN, _with_other_case),
    Relation("defaults written out", "create.properties-applied", _with_defaults),
    Relation("empty lists and objects", "create.properties-applied", _with_empty_lists),
    Relation("the order of namespaces", "namespaces.new", _with_namespaces_backwards),
    Relation("the order of capabilities, limits and groups", "process.capabilities", _with_sets_backwards),
    Relation("slashes before destinations", "mounts.destination", _with_terse_mounts),
    Relation(
        "blanks between the words of JSON", "bundle.config", _same, lambda config: json.dumps(config, indent="\t")
    ),
    Relation("escapes in the texts of JSON", "bundle.config", _same, lambda config: _escaped(json.dumps(config))),
)


def _escaped(text: str) -> str:
    return text.replace('"/', '"\\/').replace("proc", "\\u0070roc").replace("process", "p\\u0072ocess")


def pair_of(case: dict[str, Any], relation: Relation) -> dict[str, Any]:
    """A case and its equal, as they are written down."""
    other = deepcopy(case)
    other["config"] = relation.change(deepcopy(case["config"]))
    if relation.text is not None:
        rewrite = f"printf %s {shlex.quote(relation.text(other['config']))} >config.json"
        other["script"] = "\n".join(filter(None, [case["script"], rewrite]))
    return {"one": case, "other": other, "relation": relation.about, "requirement": relation.requirement}


def _note_evidence(first: Attempt, second: Attempt, name: str) -> None:
    """Let a script run both containers, and compare what their programs said of a field."""
    steps, configs = first.journal.steps, first.journal.configs
    second.journal.steps[:0] = steps
    second.journal.configs = {**configs, **second.journal.configs}
    beginning, end = ('{"verb":', "") if name == "actions" else span(second.output, name.partition(".")[0])
    second.journal.saw(f"unequal {beginning}", end)


def attempt(bench: Bench, runtime: Runtime, pair: dict[str, Any]) -> Attempt:
    """Try both; the attempt of the second has the problem, if they differ."""
    return compare(bench, runtime, pair, picture(bench, runtime, pair["one"]))


def compare(bench: Bench, runtime: Runtime, pair: dict[str, Any], tried: tuple[Attempt, dict[str, Any]]) -> Attempt:
    """Try the other of a pair whose one was ``tried``; the attempt has the problem, if they differ."""
    first, one = tried
    if first.problem is not None or not one.get("accepted"):
        return Attempt(None, first.journal, skipped="the first of the two was refused")
    second, other = picture(bench, runtime, pair["other"])
    if second.problem is not None or second.skipped:
        return second
    if not (found := differences(one, other)):
        return second
    details = "; ".join(f"{name}: {one[name]!r} and {other.get(name)!r}" for name in found)
    if found == ["accepted"]:
        second.journal.end_with_refusal()
    else:
        _note_evidence(first, second, found[0])
    second.journal.judged(repr({name: one[name] for name in found}), repr({name: other.get(name) for name in found}))
    reason = f"{pair['relation']} must change nothing, yet {details[:3000]}"
    problem = EqualsDiffer(reason, f"{pair['relation']}: {', '.join(found)}", pair["requirement"])
    return Attempt(problem, second.journal)
