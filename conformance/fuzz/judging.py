"""Try one case on one runtime, and let the oracles judge what came of it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.expectations import Expectations, expectations_for
from conformance.fuzz.attempts import kinds_of
from conformance.fuzz.errors import EffectDiffers, InvalidAccepted, RefusedInSilence, RefusedWithTraces, ValidRefused
from conformance.fuzz.findings import normalised
from conformance.fuzz.observing import Seen, observe
from conformance.harness.errors import Crashed, Hung, Leaked, OperationFailed
from conformance.harness.observed import fragment, line_of
from conformance.harness.refusal import refused
from conformance.plugin.verdicts import beyond_its_claims
from conformance.requirements import lookup
from strategies.case import INVALID, UNSPECIFIED, VALID
from strategies.models import expected
from strategies.models.linux import KINDS
from strategies.versions import VERSIONS, lowest_version, newest

if TYPE_CHECKING:
    from conformance.fuzz.attempts import Attempt, Bench
    from conformance.harness.container import Container
    from conformance.harness.journal import Journal
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from conformance.requirements import Requirement
    from strategies.models import Expected


class Written(msgspec.Struct):
    """A case as it is written down, see ``strategies.case.Case``."""

    config: dict[str, Any]
    verdict: str = VALID
    edits: list[str] = []
    requirement: str = ""
    about: str = ""
    script: str = ""
    under: str = ""


def attempt(bench: Bench, runtime: Runtime, case: dict[str, Any]) -> Attempt:
    """Try a case that is written down."""
    written = as_held_to(runtime, msgspec.convert(case, Written))
    tried = bench.attempt(runtime, lambda scene: judge(scene, written))
    if isinstance(tried.problem, Hung):
        what = operation(tried.journal)
        vars(tried.problem)["about"] = f"{what} with {written.about}" if written.about else what
    if isinstance(tried.problem, Leaked) and not has_own_mounts(written.config):
        vars(tried.problem)["about"] = f"{vars(tried.problem).get('about', '')} without a mount namespace"
    if isinstance(tried.problem, Crashed) and (ended := re.search(r"ended with -(\d+)", str(tried.problem))):
        vars(tried.problem)["about"] = f"{operation(tried.journal)} was ended by signal {ended[1]}"
    elif isinstance(tried.problem, Crashed):
        vars(tried.problem)["about"] = f"{operation(tried.journal)}: {panic(str(tried.problem))}"
    return tried


def panic(said: str) -> str:
    """What a runtime says that breaks down, and where: without the rest of the stack, which is long and varies."""
    words = re.search(r"^.*?((?:panic|fatal error|Traceback).*)$", said, re.MULTILINE)
    place = re.search(r"^goroutine .*\n([\w./*()-]+)\(.*\)$", said, re.MULTILINE)
    return normalised(words[1] if words else said) + (f" in {place[1]}(…)" if place else "")


def has_own_mounts(config: dict[str, Any]) -> bool:
    """Whether a config wants a mount namespace of its own, whatever else is in it."""
    linux = config.get("linux")
    entries = linux.get("namespaces") if isinstance(linux, dict) else None
    return {"type": "mount"} in entries if isinstance(entries, list) else False


def operation(journal: Journal) -> str:
    """The last operation that was asked for, such as "create"."""
    call = journal.calls()[-1] if journal.calls() else []
    return call[call.index("--root") + 2] if "--root" in call else "the runtime"


def judge(scene: Scene, written: Written) -> Seen | None:
    """Try a case; returns what was seen if it was accepted.  Raises the exception of the oracle that is not content."""
    container = lay_out(scene, written)
    if written.verdict == INVALID:
        demand_refusal(container, written)
        return None
    facts: list[Expected] = []

    def meaning() -> list[Expected]:
        facts[:] = facts_for(scene.runtime, written)
        return facts

    try:
        seen = observe(container, meaning, written.under)
    except EffectDiffers:
        if written.verdict == VALID:
            raise
        return None
    except OperationFailed as refusal:
        if not refusal.message.strip():
            raise RefusedInSilence(f"{refusal} without a word about why", written.about) from None
        if written.verdict == VALID:
            raise _refused(refusal, written) from None
        return None
    if written.verdict == VALID:
        compare(scene, facts, seen)
    return seen


def facts_for(runtime: Runtime, written: Written) -> list[Expected]:
    """What a valid config means, as far as the runtime is held to it."""
    if written.verdict != VALID:
        return []
    return [each for each in expected(written.config, written.under) if _counts(runtime, each)]


def as_held_to(runtime: Runtime, written: Written) -> Written:
    """The case as this runtime has to take it: what its version of the specification does not know, it need not do."""
    version = written.config.get("ociVersion")
    if version not in VERSIONS or written.verdict == INVALID:
        version = lowest_version(written.config)
    known = not runtime.claims or newest(version, runtime.claims) == runtime.claims
    if known and written.requirement and written.verdict == INVALID:
        known = _is_held_to(runtime, lookup(written.requirement))
    return written if known else msgspec.structs.replace(written, verdict=UNSPECIFIED)


def lay_out(scene: Scene, written: Written) -> Container:
    """The bundle of a case."""
    container = scene.container(config=written.config)
    scene.journal.edits = list(written.edits)
    if written.script:
        container.prepare(written.script)
    return container


def _refused(refusal: OperationFailed, written: Written) -> ValidRefused:
    about = normalised(refusal.message.strip().splitlines()[-1])
    return ValidRefused(str(refusal), about, written.requirement or "create.properties-applied")


def demand_refusal(container: Container, written: Written) -> None:
    """Demand that create, or else start, is an error, says why, and leaves nothing behind."""
    scene = container.scene
    try:
        with refused(container):
            container.create(under=written.under)
    except Leaked as left:
        raise RefusedWithTraces(str(left), kinds_of(str(left), scene.journal), "errors.no-change") from None
    except OperationFailed:
        raise
    except AssertionError as problem:
        if "without a word" in str(problem):
            raise RefusedInSilence(str(problem), written.about, written.requirement) from None
        if "accepted" not in str(problem):
            raise
    else:
        return
    if container.ask("start", container.id).exit_status == 0:
        what = f"create and start accepted an invalid config: {written.about}"
        scene.journal.judged("an error", "accepted")
        raise InvalidAccepted(what, f"{written.requirement}: {written.about}", written.requirement)


def compare(scene: Scene, facts: list[Expected], seen: Seen) -> None:
    """Demand that what was seen is what the config means; what is known to differ does not hide what is not."""
    differing = [each for each in facts if seen.value(each) != each.value]
    if not differing:
        return
    known = _known(scene.runtime)
    new = [each for each in differing if known.of_finding(_signature(each), [each.requirement]) is None]
    each = [*new, *differing][0]
    observed = seen.value(each)
    scene.journal.judged(repr(each.value), repr(observed))
    note_evidence(scene.journal, each, seen)
    message = f"{each.fact} is {observed!r}, the config says {each.value!r}"
    raise EffectDiffers(message, f"{each.requirement}: {each.fact}", each.requirement)


@cache
def _known(runtime: Runtime) -> Expectations:
    """Read once: where much is known, most cases ask."""
    return expectations_for(runtime)


def _signature(each: Expected) -> str:
    return f"{EffectDiffers.oracle}: {each.requirement}: {each.fact}"


def note_evidence(journal: Journal, each: Expected, seen: Seen) -> None:
    """Note where a script finds again what was seen in the place of an expectation."""
    if each.where == "report":
        journal.saw("program", fragment(seen.output, each.name))
    elif each.where == "action":
        line = line_of(seen.output, seen.number_of_action(each))
        # How much can be read of what must be hidden says enough: what it says, such as the time, may change.
        journal.saw("program", line.partition(',"content":')[0] if each.requirement == "masked-paths" else line)
    elif each.where == "namespace":
        kind = each.fact.partition(" ")[0]
        journal.saw(f"namespace {KINDS.get(kind, kind)}", "inherited" if each.value else "new")
    elif each.name in seen.moments:
        journal.until(*seen.moments[each.name])
    if each.where == "state":
        wanted = next(reversed(journal.configs.values()))["annotations"].items()
        missing = {key: value for key, value in wanted if value == each.value and seen.annotations.get(key) != value}
        journal.saw("lacking", json.dumps(missing)[1:-1])


def _counts(runtime: Runtime, each: Expected) -> bool:
    """Whether a runtime is held to a requirement: it does not decline it, and it came not after what it claims."""
    requirement = lookup(each.requirement)
    if each.where == "namespace" and runtime.profile.lacks("host-kernel", runtime.version):
        return False
    return _is_held_to(runtime, requirement)


def _is_held_to(runtime: Runtime, requirement: Requirement) -> bool:
    if requirement.level != "MUST" or runtime.profile.declines(requirement.id, runtime.version):
        return False
    return not beyond_its_claims(runtime, [requirement])
