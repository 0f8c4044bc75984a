"""The catalogue against the text of the specification; SEATRIAL_RUNTIME_SPEC names a checkout with tags."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest

from conformance.requirements.catalogue import SPEC_VERSION, VERSIONS, Requirement, catalogue

Page = Callable[[str, str], list[str]]

EVERY = [requirement for requirement in catalogue().values() if requirement.is_oci]
PAGES = sorted({requirement.page for requirement in EVERY})

KEY_WORDS = {
    "MUST": r"\b(MUST|SHALL|REQUIRED)\b",
    "SHOULD": r"\b(SHOULD|RECOMMENDED)\b",
    "MAY": r"\b(MAY|OPTIONAL)\b",
}
ANY_KEY_WORD = "|".join(KEY_WORDS.values())

# Lines with a key word that no entry stands for.
OTHER_PLATFORMS = {30, 31, 36, 44, 74, 75, 76, 78, 87, 253, 360, 474, 521, 522, 525, 526, 529, 530, 531, 532}
RESTATED = {302, 602, 603, 609, 610, 621, 622, 633, 634, 641, 642, 649, 650}
EXCUSED = {"config.md": OTHER_PLATFORMS | RESTATED}

# createRuntime got the fields of prestart in the words of prestart, so their lines look older than they are.
SAME_WORDS = {
    "hooks.create-runtime.path",
    "hooks.create-runtime.path.required",
    "hooks.create-runtime.path.absolute",
    "hooks.create-runtime.args",
    "hooks.create-runtime.env",
    "hooks.create-runtime.timeout",
    "hooks.create-runtime.timeout.positive",
}


def anchor(requirement: Requirement, page: Page) -> str:
    return page(requirement.page, requirement.until or SPEC_VERSION)[requirement.line - 1]


def heading(lines: Iterable[str]) -> str:
    """The last heading of some lines, without its anchor; lines of examples do not count."""
    title, example = "", False
    for line in lines:
        example ^= line.startswith("```")
        if line.startswith("#") and not example:
            title = re.sub(r"<a [^>]*/>|[#`]", "", line).strip()
    return title


def runs_of_words(text: str, length: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9_./-]+", text.lower())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def test_each_line_holds_the_key_word_of_its_level(page: Page) -> None:
    wrong = [
        f"{each.id}: {anchor(each, page)}"
        for each in EVERY
        if not each.plain and not re.search(KEY_WORDS[each.level], anchor(each, page))
    ]
    assert wrong == []


def test_each_plain_line_is_a_sentence(page: Page) -> None:
    lines = {each.id: anchor(each, page).strip() for each in EVERY if each.plain}
    assert [id_ for id_, line in lines.items() if not line or line.startswith(("#", "```"))] == []


def test_each_section_is_the_heading_above_the_line(page: Page) -> None:
    wrong = [
        each.id for each in EVERY if each.section != heading(page(each.page, each.until or SPEC_VERSION)[: each.line])
    ]
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_each_line_with_a_key_word_has_an_entry(name: str, page: Page) -> None:
    covered = {each.line for each in EVERY if each.page == name} | EXCUSED.get(name, set())
    numbered = enumerate(page(name, SPEC_VERSION), start=1)
    assert [line for number, line in numbered if number not in covered and re.search(ANY_KEY_WORD, line)] == []


@pytest.mark.parametrize(("older", "newer"), list(pairwise(VERSIONS)))
def test_no_line_is_older_than_its_entry_says(older: str, newer: str, page: Page) -> None:
    wrong = [
        each.id
        for each in EVERY
        if each.since == newer
        and each.id not in SAME_WORDS
        and anchor(each, page).strip() in map(str.strip, page(each.page, older))
    ]
    assert wrong == []


def test_no_paraphrase_is_the_specifications_sentence(page: Page) -> None:
    theirs = set().union(*(runs_of_words("\n".join(page(name, version))) for name in PAGES for version in VERSIONS))
    assert [each.id for each in EVERY if runs_of_words(each.text) & theirs] == []
