"""`seatrial doctor`: every need of a test has its remedy, and only what is lacking is told."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from conformance import doctor
from conformance.cli import main, marked_tests
from conformance.doctor import OF_THE_RUNTIME, REMEDIES, diagnosis, remedy
from conformance.harness.errors import WrongUse
from conformance.harness.host import _NEEDS, Host

HOST = Host(
    mode="v1",
    cgroups=frozenset({"memory"}),
    files=frozenset(),
    capabilities=0,
    kernel=(6, 1),
    namespaces=frozenset(),
    security=frozenset(),
    filesystems=frozenset(),
    processors=1,
    swap=False,
    seccomp=frozenset(),
)


def marks(*needs: str) -> list[Any]:
    return [SimpleNamespace(kwargs={"needs": needs})]


def test_every_need_has_a_remedy_and_every_remedy_a_need_that_hosts_know() -> None:
    for test, found in marked_tests():
        for need in (need for mark in found for need in mark.kwargs.get("needs", ())):
            assert need.startswith(OF_THE_RUNTIME) or remedy(need), f"{test} needs {need}"
    assert {need.partition(".")[0] for need in REMEDIES} == set(_NEEDS)


def test_the_longest_beginning_counts() -> None:
    assert remedy("cgroup.v2") != remedy("cgroup.memory") == remedy("cgroup.pids")
    assert remedy("program.ip") == "install iproute2"
    assert remedy("program.other") == "install it"


def test_what_is_lacking_is_told_once_with_its_tests() -> None:
    tests = {
        "a": marks("swap"),
        "b": marks("swap", "cgroup.memory"),
        "c": marks("command.exec"),
        "d": marks("cgroup.cpu"),
    }
    assert list(doctor._needs(HOST, tests)) == [
        "tests: 1 of 4 can tell all they ask here",
        f"  2 can not: the host has no swap -> {REMEDIES['swap']}",
        f"  1 can not: no cgroup controller cpu -> {REMEDIES['cgroup']}",
    ]


def test_where_no_trial_can_be_made_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise WrongUse("it needs root: run it as root")

    monkeypatch.setattr(doctor, "Trial", refuse)
    assert diagnosis([])[0] == "trials: can not be made here: it needs root: run it as root"


@pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
def test_the_command_looks_at_this_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("host: kernel ")
    assert any(line.startswith("seatrial report: ") for line in lines)
    assert any(line.startswith("CRI server") for line in lines)
    assert any(line.startswith("tests: ") for line in lines)
