"""Failing examples are shared: what one machine has found the next one tries first, by a folder or a Redis server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from conformance.expectations import Expectations
from conformance.fuzz.errors import ValidRefused
from conformance.fuzz.findings import Findings
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.generated import run_generated
from conformance.fuzz.settings import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conformance.harness.runtime import Runtime

    Fuzz = Callable[..., list[int]]

#: Numbers from here on fail, in ways that are told apart by their last digit.
BAD = 10**9


@pytest.fixture(params=["folder", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What --fuzz-database names: a folder, or a Redis server of the test's own."""
    if request.param == "folder":
        yield str(tmp_path / "examples")
        return
    program = shutil.which("redis-server")
    client = pytest.importorskip("redis")
    if program is None:
        pytest.skip("needs redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            address = f"redis://127.0.0.1:{port}/0"
            _wait_for(client, address)
            yield address
        finally:
            server.terminate()


def _wait_for(client: object, address: str) -> None:
    deadline = time.monotonic() + 20
    with client.Redis.from_url(address) as server:  # type: ignore[attr-defined]  # an optional dependency
        while True:
            try:
                server.ping()
            except client.RedisError:  # type: ignore[attr-defined]
                assert time.monotonic() < deadline
            else:
                return


@pytest.fixture
def fuzz(place: str, runtime: Runtime, tmp_path: Path) -> Fuzz:
    """Fuzz numbers as one machine of several does; returns those that it has tried."""

    def fuzz(part: int, *, phase: str = "generated", mended: bool = False, examples: int = 30) -> list[int]:
        settings = replace(PROFILES["ci"], database=place, seed=1, part=part, parts=3)
        findings = Findings(tmp_path, runtime, Expectations([]))
        fuzzer = Fuzzer(None, runtime, findings, settings, phase=phase)  # type: ignore[arg-type]  # it tries numbers
        tried: list[int] = []

        def attempt(number: int) -> None:
            tried.append(number)
            fuzzer.coverage.cases += 1
            if number >= BAD and not mended and findings.is_news(ValidRefused("no", f"digit {number % 10}")):
                findings.new.append(None)  # type: ignore[arg-type]  # it is the number of them that counts

        run_generated(fuzzer, st.integers(0, 2**40), examples=examples, attempt=attempt)
        return tried

    return fuzz


def test_what_one_machine_has_found_the_next_one_tries_first(fuzz: Fuzz) -> None:
    found = {number for number in fuzz(0) if number >= BAD}
    assert found
    first = fuzz(1, examples=1)
    assert {number for number in first if number >= BAD} & found
    # Nothing of it is forgotten for having been tried once more.
    assert {number for number in fuzz(2, examples=1) if number >= BAD} & found


def test_what_is_mended_is_forgotten(fuzz: Fuzz) -> None:
    found = {number for number in fuzz(0) if number >= BAD}
    assert {*fuzz(1, mended=True, examples=1)} & found
    assert not {*fuzz(2, mended=True, examples=1)} & found


def test_phases_do_not_take_the_examples_of_one_another(fuzz: Fuzz) -> None:
    found = {number for number in fuzz(0) if number >= BAD}
    assert not {*fuzz(1, phase="lives", examples=1)} & found
    assert {*fuzz(1, examples=1)} & found
