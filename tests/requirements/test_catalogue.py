import re
from itertools import groupby, pairwise

import pytest

from conformance.requirements.catalogue import (
    LEVELS,
    VERSIONS,
    Requirement,
    UnknownRequirement,
    catalogue,
    lookup,
)

EVERY = [requirement for requirement in catalogue().values() if requirement.is_oci]

# How many statements each page has: an entry that goes missing is noticed.
SIZES = {
    "runtime.md": 67,
    "runtime-linux.md": 8,
    "bundle.md": 3,
    "config.md": 289,
    "config-linux.md": 331,
    "features.md": 22,
    "features-linux.md": 42,
}

# Lines of the pages in version 1.3.0, the longest of all versions.
LENGTHS = {
    "runtime.md": 150,
    "runtime-linux.md": 21,
    "bundle.md": 22,
    "config.md": 1184,
    "config-linux.md": 1159,
    "features.md": 388,
    "features-linux.md": 281,
}


def complaint(requirement: Requirement) -> str | None:
    """What is wrong with an entry, if anything."""
    versions = VERSIONS[VERSIONS.index(requirement.since) :] if requirement.since in VERSIONS else ()
    faults = {
        "id": not re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*", requirement.id),
        "level": requirement.level not in LEVELS,
        "section": not requirement.section,
        "line": not 1 <= requirement.line <= LENGTHS[requirement.page],
        "since": not versions,
        "until": requirement.until is not None and requirement.until not in versions[:-1],
        "text": not re.fullmatch(r".{10,120}\.", requirement.text),
        "on": requirement.on not in {"runtime", "config"},
    }
    wrong = [name for name, fault in faults.items() if fault]
    return f"{requirement.id}: {', '.join(wrong)}" if wrong else None


def test_every_entry_is_complete() -> None:
    assert [said for requirement in EVERY if (said := complaint(requirement))] == []


def test_no_id_is_lost_to_another_page() -> None:
    # TOML refuses a key twice in a file; across files the later entry would win.
    sizes = {name: len(list(entries)) for name, entries in groupby(EVERY, key=lambda each: each.page)}
    assert sizes == SIZES


def test_entries_follow_the_lines_of_their_page() -> None:
    current = [requirement for requirement in EVERY if requirement.until is None]
    strays = [after.id for before, after in pairwise(current) if before.page == after.page and before.line > after.line]
    assert strays == []


def test_no_two_entries_say_the_same() -> None:
    texts = [requirement.text for requirement in EVERY]
    assert [text for text in texts if texts.count(text) > 1] == []


def test_lookup_finds_an_entry_with_its_link() -> None:
    found = lookup("kill.stopped")
    assert (found.level, found.page, found.section, found.severity) == (
        "MUST",
        "runtime.md",
        "Kill",
        "critical",
    )
    assert found.url == "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md?plain=1#L135"


def test_a_statement_of_the_past_links_to_the_past() -> None:
    assert "/v1.2.1/" in lookup("hooks.poststart.failure.warned").url


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("kil.stoped", "kill.stopped"), ("process.rlimit.soft", "process.rlimits.soft"), ("qqqq", None)],
    ids=["typo", "singular", "nonsense"],
)
def test_an_unknown_id_names_the_nearest(asked: str, meant: str | None) -> None:
    with pytest.raises(UnknownRequirement) as caught:
        lookup(asked)
    assert caught.value.nearest == meant
    assert str(caught.value) == f"unknown requirement {asked}" + (f"; did you mean {meant}?" if meant else "")


@pytest.mark.parametrize(
    ("id_", "version", "holds"),
    [
        ("domainname", "1.0.2", False),
        ("domainname", "1.1.0", True),
        ("domainname", "1.1.0-rc.2", True),
        ("hooks.poststart.failure.warned", "1.2.1", True),
        ("hooks.poststart.failure.warned", "1.3.0", False),
        ("hooks.poststart.failure", "1.2.1", False),
    ],
)
def test_a_statement_holds_from_its_first_to_its_last_version(id_: str, version: str, holds: bool) -> None:
    assert lookup(id_).holds_in(version) is holds
