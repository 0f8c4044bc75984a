"""The catalogue of CRI v1."""

from __future__ import annotations

import re
from itertools import groupby, pairwise

from conformance.requirements.catalogue import CRI_VERSION, LEVELS, catalogue

EVERY = [requirement for requirement in catalogue().values() if not requirement.is_oci]


def test_every_entry_is_complete() -> None:
    for each in EVERY:
        assert re.fullmatch(r"cri(\.[a-z0-9-]+)+", each.id), each.id
        assert each.level in LEVELS, each.id
        assert re.fullmatch(r"1\.\d\d", each.since), each.id
        assert each.since <= "1.37", each.id
        assert 17 < each.line < 2400, each.id
        assert re.fullmatch(r".{10,120}\.", each.text), each.id


def test_no_two_entries_say_the_same() -> None:
    texts = [each.text for each in EVERY]
    assert [text for text in texts if texts.count(text) > 1] == []


def test_there_are_entries_about_everything() -> None:
    subjects = {name for name, _ in groupby(EVERY, key=lambda each: each.id.split(".")[1])}
    assert {
        "version",
        "status",
        "sandbox",
        "container",
        "security",
        "log",
        "image",
        "stats",
        "events",
        "list",
    } <= subjects


def test_a_link_leads_to_the_definition() -> None:
    tag = CRI_VERSION.replace("1.", "v0.", 1)
    where = f"https://github.com/kubernetes/cri-api/blob/{tag}.0/pkg/apis/runtime/v1/api.proto"
    found = catalogue()["cri.sandbox.stop.idempotent"]
    assert (found.page, found.section, found.url) == ("RuntimeService", "StopPodSandbox", f"{where}#L{found.line}")


def test_entries_of_a_file_follow_the_lines() -> None:
    strays = [
        b.id for a, b in pairwise(EVERY) if a.id.split(".")[1] == b.id.split(".")[1] == "sandbox" and a.line > b.line
    ]
    assert strays == []
