"""Findings: what stays of failures.  Many failures of one cause are one finding.

A finding is known by its signature, such as ``effect: process.umask``: the oracle that raised it and its message
without what changes from run to run.  The fingerprint is a short hash of that.  ``Findings`` collects those of one
runtime: each is run again before it is believed, and leaves a folder that ``seatrial replay`` and a shell can repeat.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.harness.errors import Hung, Violation
from conformance.harness.reproduction import Story, write_reproduction
from conformance.requirements import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conformance.expectations import Expectations
    from conformance.harness.journal import Journal
    from conformance.harness.runtime import Runtime

FORMAT = 1
FILE = "finding.json"
#: How often a failure is run again before it is believed.
AGAIN = 3
#: The longest signature that is shown, in characters; a whole one is what expectations match.
LONGEST = 200


class Finding(msgspec.Struct, kw_only=True):
    """One finding, as ``finding.json`` has it.

    ``kind`` names the replayer that understands ``case`` (see ``replay.py``); ``confirmed`` is such as "3/3".
    """

    format: int = FORMAT
    kind: str
    signature: str
    fingerprint: str
    oracle: str
    message: str
    requirements: list[str] = []
    runtime: str
    path: str = ""
    arguments: list[str] = []
    version: str
    package: str = ""
    edits: list[str] = []
    steps: list[str] = []
    expected: str = ""
    observed: str = ""
    confirmed: str = ""
    case: dict[str, Any] = {}

    @property
    def is_flaky(self) -> bool:
        """Whether it was not seen each time."""
        return self.confirmed != f"{AGAIN}/{AGAIN}"

    @property
    def is_believed(self) -> bool:
        """Whether it was seen at least once again."""
        return not self.confirmed.startswith("0/")

    @property
    def title(self) -> str:
        """The signature for people to read."""
        return self.signature if len(self.signature) <= LONGEST else f"{self.signature[: LONGEST - 1]}…"

    @property
    def name(self) -> str:
        """The name of its folder."""
        words = re.sub(r"[^a-z0-9]+", "-", self.signature.lower()).strip("-")
        return f"{words[:60].rstrip('-')}-{self.fingerprint}"


def oracle_of(problem: Violation) -> str:
    """The name of the oracle that raised a violation: the exception's own word, or its class in small letters."""
    return str(getattr(problem, "oracle", type(problem).__name__.lower()))


def signature_of(problem: Violation) -> str:
    """What two failures of one cause have in common; ``about`` of an exception is the stable part of its message."""
    about = getattr(problem, "about", "") or normalised(str(problem))
    return f"{oracle_of(problem)}: {about}"


def fingerprint_of(signature: str) -> str:
    """Eight digits that stand for a signature."""
    return sha256(signature.encode()).hexdigest()[:8]


def normalised(message: str) -> str:
    """A message without numbers, paths, quotations, times and addresses; of a log line only what it says."""
    said = re.findall(r'level=(?:error|fatal) msg="((?:[^"\\]|\\.)*)"', message)
    text = said[-1] if said else message
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z?:?", "", text)
    text = re.sub(r"0x[0-9a-f]+", "N", text)
    text = re.sub(r"(['\"`]).*?\1", "…", text)
    text = re.sub(r"(?<![\w.])/[^\s:,;'\"]*", "PATH", text)
    text = re.sub(r"-?\d+", "N", text)
    return " ".join(text.split())


def finding_of(  # noqa: PLR0913  # one argument for each thing that a finding tells
    problem: Violation,
    journal: Journal,
    runtime: Runtime,
    edits: Sequence[object] = (),
    *,
    kind: str,
    case: dict[str, Any],
    requirements: Sequence[str] = (),
) -> Finding:
    """The finding that a violation makes.  ``case`` is whatever the replayer ``kind`` needs to do it again."""
    signature = signature_of(problem)
    own = [getattr(problem, "requirement", "")]
    return Finding(
        kind=kind,
        signature=signature,
        fingerprint=fingerprint_of(signature),
        oracle=oracle_of(problem),
        message=str(problem),
        requirements=list(dict.fromkeys(filter(None, [*own, *requirements]))),
        runtime=runtime.name,
        path="" if runtime.profile.name == "reference" else runtime.path,
        arguments=list(runtime.arguments),
        version=runtime.version,
        package=runtime.package,
        edits=[repr(edit) if not isinstance(edit, str) else edit for edit in edits],
        steps=[" ".join(call) for call in journal.calls()],
        expected=journal.expected,
        observed=journal.observed,
        case=case,
    )


@dataclass
class Findings:
    """The findings of one runtime in one run.

    ``folder`` is where each new one leaves a folder of its own; ``expectations`` says which are known already.
    """

    folder: Path
    runtime: Runtime
    expectations: Expectations
    new: list[Finding] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """How many there were that nobody knows, those of one kind counted each."""
        return sum(self.seen.values())

    @property
    def believed(self) -> list[Finding]:
        """The new ones that were seen again."""
        return [finding for finding in self.new if finding.is_believed]

    def is_news(self, problem: Violation) -> bool:
        """Whether this is the first failure of its kind; counts it."""
        signature = signature_of(problem)
        fingerprint = fingerprint_of(signature)
        self.seen[fingerprint] = self.seen.get(fingerprint, 0) + 1
        return self.seen[fingerprint] == 1

    def is_known(self, problem: Violation, requirements: Sequence[str] = ()) -> bool:
        """Whether expectations list a failure; notes the reason."""
        signature, own = signature_of(problem), str(getattr(problem, "requirement", ""))
        reason = self.expectations.of_finding(signature, [name for name in (own, *requirements) if name])
        if reason is not None:
            self.known[signature] = reason.reason
        return reason is not None

    def is_known_to_hang(self, about: str) -> bool:
        """Whether expectations list that some operation hangs in cases of a kind."""
        signatures = (f"{Hung.verdict}: {operation} with {about}" for operation in ("create", "start", "the runtime"))
        return bool(about) and any(self.expectations.of_finding(signature, ()) for signature in signatures)

    def take_as_it_is(self, finding: Finding) -> None:
        """Take a finding without looking into it, where one is all that was wanted."""
        finding.confirmed = f"{AGAIN}/{AGAIN}"
        self.new.append(finding)

    def take(self, finding: Finding, journal: Journal, again: Callable[[], Violation | None]) -> Finding | None:
        """Look into a failure that is news and not known: run it again, and keep it; returns what is believed.

        ``again`` does the whole case once more, and returns what it violated.
        """
        # What hangs is not waited for once more and again.
        times = 1 if finding.oracle == Hung.verdict else AGAIN
        same = sum(_is_same(again(), finding) for _ in range(times))
        finding.confirmed = f"{same}/{times}" if times == AGAIN else f"{AGAIN * same}/{AGAIN}"
        self.new.append(finding)
        if not finding.is_believed:
            return None
        write(self.folder / finding.name, finding, self.runtime, journal)
        return finding


def _is_same(problem: Violation | None, finding: Finding) -> bool:
    return problem is not None and signature_of(problem) == finding.signature


def write(folder: Path, finding: Finding, runtime: Runtime, journal: Journal) -> None:
    """Write the folder of a finding: the bundles, ``run.sh``, README.md, and ``finding.json``."""
    lines = []
    for name in finding.requirements:
        each = lookup(name)
        lines.append(f"{each.id} ({each.level}): {each.text} {each.url}")
    sentence = lookup(finding.requirements[0]).text if finding.requirements else finding.message.splitlines()[0]
    story = Story(finding.title, sentence, lines, f"{finding.message}\n(seen {finding.confirmed} times again)")
    write_reproduction(folder, story, runtime, journal)
    (folder / FILE).write_text(written(finding))


def written(finding: Finding) -> str:
    """A finding as JSON; by the standard library, since a case can have numbers of any size and lone surrogates."""
    return json.dumps(msgspec.to_builtins(finding), indent=2) + "\n"


def read(folder: Path) -> Finding:
    """The finding of a folder.  Raises ``OSError`` or ``msgspec.DecodeError`` when there is none."""
    try:
        return msgspec.convert(json.loads((folder / FILE).read_text()), Finding)
    except ValueError as problem:
        raise msgspec.DecodeError(str(problem)) from None
