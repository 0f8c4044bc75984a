"""From the violations of runs to entries for review, and what an entry that no longer holds becomes.

An entry claims what was seen and no more: from the first version that broke the requirement up to the first later one
that kept it.  Where packages of one version differ, it is for the package.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import InvalidVersion, Version

from reports.compare.pairing import sides
from reports.record import HOLDS, VIOLATIONS, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.expectations import Expectation
    from reports.compare.changes import Standing

LONGEST = 200  # characters of a reason


class Entry(NamedTuple):
    """One entry to be: its subject, what it is limited to, and the record that it stems from."""

    test: str
    requirement: str
    versions: str
    packages: str
    sometimes: bool
    record: Record

    @property
    def text(self) -> str:
        """The entry as TOML, with what a reviewer wants to know in comments."""
        fields = {
            "test": self.test,
            "requirement": self.requirement,
            "versions": self.versions,
            "packages": self.packages,
            "verdict": self.record.verdict.value,
            "reason": reason(self.record),
        }
        lines = [f"{name} = {quoted(value)}" for name, value in fields.items() if value]
        comments = [" ".join(comment.split()) for comment in self._comments()]
        sometimes = ["sometimes = true"] * self.sometimes
        return "".join(f"{line}\n" for line in (*comments, "[[known]]", *lines, 'link = ""', *sometimes))

    def _comments(self) -> Iterator[str]:
        runtime = self.record.runtime
        package = f" (package {runtime.package_version})" if runtime.package_version else ""
        verdict = f"{self.record.level} {self.record.verdict.words}"
        yield f"# {verdict} by {runtime.name} {runtime.version}{package}: {self.record.title}"
        yield from (f"# {each.id}: {each.url}" for each in self.record.requirements[:1])


def entries(records: Iterable[Record], *, by_requirement: bool = False) -> list[Entry]:
    """Entries for the violations that nobody has listed, in the order of their tests."""
    seen: dict[str, list[Standing]] = defaultdict(list)
    for side in sides(records):
        for test, standing in side.standings.items():
            seen[test].append(standing)
    found = [entry for test in sorted(seen) for entry in _of_test(test.removeprefix("conformance/"), seen[test])]
    found = _without_parameters(found, {test.removeprefix("conformance/") for test in seen})
    return _by_requirement(found, seen) if by_requirement else found


def _of_test(test: str, standings: list[Standing]) -> Iterator[Entry]:
    broken = [each for each in standings if _is_broken(each)]
    if len({each.record.runtime.version for each in broken} & {_version(each) for each in standings if each.holds}):
        for each in broken:
            yield Entry(test, "", "", each.record.runtime.package_version, each.flaky, each.record)
        return
    told = sorted((each for each in standings if each.holds or _is_broken(each)), key=_order)
    runs = [(bad, list(group)) for bad, group in groupby(told, key=_is_broken)]
    for place, (bad, group) in enumerate(runs):
        if bad:
            last = group[-1]
            upper = _version(runs[place + 1][1][0]) if place + 1 < len(runs) else ""
            yield Entry(test, "", between(_version(group[0]), upper), "", last.flaky, last.record)


def _is_broken(standing: Standing) -> bool:
    return standing.verdict in VIOLATIONS


def _version(standing: Standing) -> str:
    return standing.record.runtime.version


def _order(standing: Standing) -> tuple[Version, str]:
    version = _version(standing)
    return (_parsed(version) or Version("0"), version)


def _parsed(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None


def between(lower: str, upper: str) -> str:
    """A set of versions from one that is in it to one that is not; a bound that is no version is left out."""
    bounds = [(sign, _parsed(version)) for sign, version in ((">=", lower), ("<", upper))]
    return ",".join(f"{sign}{version.public}" for sign, version in bounds if version is not None)


def _without_parameters(found: list[Entry], tests: set[str]) -> list[Entry]:
    """One entry for a function of which all cases broke in the same way."""
    cases: dict[str, set[str]] = defaultdict(set)
    for test in tests:
        cases[test.partition("[")[0]].add(test)
    alike: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in found:
        alike[_likeness(entry)].append(entry)
    kept = []
    for group in alike.values():
        function = group[0].test.partition("[")[0]
        is_whole = len(group) > 1 and {entry.test for entry in group} == cases[function]
        kept += [group[0]._replace(test=f"{function}[*]")] if is_whole else group
    return sorted(kept, key=lambda entry: entry.test)


def _likeness(entry: Entry) -> tuple[str, ...]:
    function = entry.test.partition("[")[0]
    return (function, entry.versions, entry.packages, entry.record.verdict, reason(entry.record), str(entry.sometimes))


def _by_requirement(found: list[Entry], seen: dict[str, list[Standing]]) -> list[Entry]:
    """Entries by requirement where no test of that requirement was seen to hold, by test for the rest."""
    holding = {
        each.id
        for standings in seen.values()
        for standing in standings
        if standing.verdict in HOLDS
        for each in standing.record.requirements
    }
    kept: dict[tuple[str, ...], Entry] = {}
    for entry in found:
        first = next((each.id for each in entry.record.requirements), "")
        is_whole = bool(first) and first not in holding
        made = entry._replace(test="", requirement=first) if is_whole else entry
        kept.setdefault((made.test, made.requirement, made.versions, made.packages, made.record.verdict), made)
    return list(kept.values())


def reason(record: Record) -> str:
    """The reason of an entry, for a reviewer to replace by a better one."""
    if record.expected and record.verdict == "violated":
        text = f"{record.observed} was observed, where {record.expected} is expected"
    else:
        text = record.finding or record.title
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def quoted(text: str) -> str:
    """A text as a basic string of TOML, which has the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def gone(known: Iterable[Expectation], records: Iterable[Record]) -> dict[int, str]:
    """The places of the entries that hold no longer, each with the first version for which that is so.

    An entry of several tests is gone when it met at least one, and none of them is broken any more.
    """
    records = list(records)
    found = {}
    for place, entry in enumerate(known):
        met = [record for record in records if record.is_violation or record.expectation is not None]
        own = [record for record in met if _speaks_of(entry, record)]
        versions = {record.runtime.version for record in own}
        held = [version for version in versions if all(each.is_gone for each in own if each.runtime.version == version)]
        if held and not entry.sometimes:
            found[place] = min(held, key=lambda version: _parsed(version) or Version("0"))
    return found


def _speaks_of(entry: Expectation, record: Record) -> bool:
    runtime = record.runtime
    is_named = entry.speaks_of(record.test, [each.id for each in record.requirements])
    return is_named and entry.covers(runtime.version, runtime.package_version)


def narrowed(text: str, places: dict[int, str]) -> str:
    """The text of a file whose entries at these places do not cover a version and later ones any more."""
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.strip() == "[[known]]"]
    for place in sorted(places, reverse=True):
        end = heads[place + 1] if place + 1 < len(heads) else len(lines)
        _narrow(lines, heads[place], end, places[place])
    return "\n".join(lines) + "\n"


def _narrow(lines: list[str], start: int, end: int, version: str) -> None:
    parsed = _parsed(version)
    if parsed is None:
        return
    bound = f"<{parsed.public}"
    for number in range(start, end):
        if lines[number].startswith("versions"):
            old = lines[number].partition("=")[2].strip().strip("\"'")
            lines[number] = f'versions = "{",".join(filter(None, [old, bound]))}"'
            return
    lines.insert(start + 2, f'versions = "{bound}"')
