"""The committed probes are what their sources make."""

import importlib.util
import os
from pathlib import Path

import pytest

from conformance.probe import build
from conformance.probe.report import binary


@pytest.fixture
def compiler() -> None:
    if importlib.util.find_spec("ziglang") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the compiler ziglang is not installed, and here it has to be")
        pytest.skip("the compiler ziglang is not installed")


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("machine", build.MACHINES)
def test_committed_bytes_are_those_of_the_sources(machine: str) -> None:
    assert build.is_current(machine)


@pytest.mark.usefixtures("compiler")
def test_another_source_makes_other_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("src", "bin"):
        (tmp_path / folder).symlink_to(build.HERE / folder)
    (tmp_path / "src").unlink()
    (tmp_path / "src").mkdir()
    for path in (build.HERE / "src").iterdir():
        (tmp_path / "src" / path.name).write_text(path.read_text().replace('"unknown"', '"unheard-of"'))
    monkeypatch.setattr(build, "HERE", tmp_path)
    assert not build.is_current("x86_64")


@pytest.mark.usefixtures("compiler")
def test_an_error_in_the_source_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "wrong.c").write_text("int main(void) { return nothing; }\n")
    monkeypatch.setattr(build, "HERE", tmp_path)
    with pytest.raises(build.CannotBuild, match=r"wrong\.c:1"):
        build.write("x86_64")


def test_without_the_compiler_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(build.CannotBuild, match=r"^there is no compiler; pip install ziglang==0\.17\.1$"):
        build.compile_probe("x86_64", tmp_path / "probe")


@pytest.mark.parametrize("machine", build.MACHINES)
def test_the_probe_is_small_and_static(machine: str) -> None:
    content = binary(machine).read_bytes()
    assert content.startswith(b"\x7fELF")
    assert len(content) < 100_000
    assert b"ld-linux" not in content


def test_the_names_of_machines_elsewhere_are_known() -> None:
    assert binary("arm64") == binary("aarch64")
    assert binary("amd64") == binary("x86_64")


def test_an_unknown_machine_has_no_probe() -> None:
    with pytest.raises(LookupError, match="no probe for pdp11"):
        binary("pdp11")
