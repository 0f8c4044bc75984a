"""`seatrial expectations`: entries for review, narrowed entries, and what is wrong with a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conformance.cli import main
from conformance.expectations import Expectation, load
from conformance.expectations.update import between, entries, gone, quoted
from reports import record as records
from reports.jsonl import Writer
from reports.record import Record, Requirement, Runtime, Verdict

UMASK = Requirement(
    id="process.umask", level="MUST", text="", section="User", page="config.md", url="https://a.test/#L1"
)
TEST = "conformance/oci/config/test_user.py::test_the_program_has_its_umask"


def made(version: str, verdict: Verdict, test: str = f"{TEST}[none]", **changes: Any) -> Record:
    runtime = Runtime(name="crun", version=version, package_version=changes.pop("package", ""))
    fields = {
        "requirements": [UMASK],
        "title": "The umask is the\nconfigured one.",
        "reason": "the umask is 18, not 0\n +  where",
    }
    return Record(test=test, runtime=runtime, verdict=verdict, **(fields | changes))


def limits(*found: Record) -> list[tuple[str, str]]:
    return [(entry.versions, entry.packages) for entry in entries(found)]


V, P = Verdict.VIOLATED, Verdict.PASSED


def test_an_entry_claims_what_was_seen() -> None:
    assert limits(made("1.1.5+ds1", V)) == [(">=1.1.5", "")]
    assert limits(made("1.1", V), made("1.2", V), made("1.9", P)) == [(">=1.1,<1.9", "")]
    assert limits(made("1.10", V), made("1.9", P)) == [(">=1.10", "")]
    assert limits(made("1.1", V), made("1.2", P), made("1.3", V)) == [(">=1.1,<1.2", ""), (">=1.3", "")]
    assert limits(made("1.1", V), made("1.2", Verdict.NOT_HERE), made("1.3", V)) == [(">=1.1", "")]
    assert limits(made("1.1", P), made("1.2", Verdict.KNOWN)) == []


def test_packages_count_where_they_differ() -> None:
    assert limits(made("1.1", V, package="1.1-1"), made("1.1", P, package="1.1-2")) == [("", "1.1-1")]


def test_a_version_that_is_none_makes_no_bound() -> None:
    assert between("git", "1.2") == "<1.2"
    assert between("", "") == ""


def test_all_cases_of_a_function_become_one_entry() -> None:
    cases = [made("1", V, f"{TEST}[{name}]") for name in ("a", "b")]
    assert [entry.test for entry in entries(cases)] == ["oci/config/test_user.py::test_the_program_has_its_umask[*]"]
    assert len(entries([*cases, made("1", P, f"{TEST}[c]")])) == 2
    assert len(entries([cases[0], made("1", V, f"{TEST}[b]", reason="another")])) == 2


def test_entries_by_requirement_are_for_what_never_held() -> None:
    other = made("1", V, "conformance/oci/a.py::test_a", requirements=[])
    found = entries([made("1", V), other], by_requirement=True)
    assert [(entry.test, entry.requirement) for entry in found] == [("oci/a.py::test_a", ""), ("", "process.umask")]
    held = entries([made("1", V), made("1", P, f"{TEST}[some]")], by_requirement=True)
    assert [entry.requirement for entry in held] == [""]


def test_an_entry_is_toml_that_excuses_its_violation() -> None:
    (entry,) = entries([made("1.8.1", V, reason='a "\\ \x7f\x1b[1m', package="1.8.1-1")])
    assert entry.text.startswith("# MUST violated by crun 1.8.1 (package 1.8.1-1): The umask is the configured one.\n")
    (known,) = msgspec.convert(tomllib.loads(entry.text)["known"], list[Expectation])
    assert known.covers("1.8.1+dfsg", "1.8.1-2") and not known.covers("1.8", "")
    assert known.speaks_of(f"{TEST}[none]", []) and not known.speaks_of(f"{TEST}[some]", [])
    assert known.excuses("violated") and not known.excuses("crashed")
    assert tomllib.loads(f"a = {quoted(chr(127))}") == {"a": "\x7f"}


def test_what_is_gone_is_found() -> None:
    expectation = records.Expectation(reason="late")
    known = [Expectation(reason="because", test=f"{TEST}[*]")]
    held, kept = (made("2", each, f"{TEST}[{each}]", expectation=expectation) for each in (P, Verdict.KNOWN))
    assert gone(known, [held]) == {0: "2"}
    assert gone(known, [held, kept]) == {}
    assert gone([Expectation(reason="because", test=TEST, versions="<2")], [held]) == {}
    assert gone(known, [made("2", P)]) == {}


def written(path: Path, *found: Record) -> str:
    path.unlink(missing_ok=True)
    with Writer(path) as writer:
        for record in found:
            writer.write(record)
    return str(path)


def test_update_adds_once_and_narrows_what_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "crun.toml"
    reason = 'reason = "a reason that says something"\n'
    file.write_text(
        f'# ours\n[[known]]\ntest = "oci/runtime/test_state.py::test_state_carries_the_id"\n{reason}'
        f'\n[[known]]\ntest = "oci/config/test_user.py::test_exec_inherits_the_umask"\nversions = ">=1.0"\n{reason}'
    )
    expectation = records.Expectation(reason="a reason that says something")
    tests = ("runtime/test_state.py::test_state_carries_the_id", "config/test_user.py::test_exec_inherits_the_umask")
    free = [made("1.9", P, f"conformance/oci/{test}", expectation=expectation) for test in tests]
    results = written(tmp_path / "results", made("1.9", V), *free)
    assert main(["expectations", "check", str(file), f"--results={results}"]) == 1
    assert capsys.readouterr().out.count("it holds no longer, as of version 1.9") == 2
    assert main(["expectations", "update", results, "-o", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: 1 added, 2 narrowed\n"
    assert file.read_text().startswith("# ours\n")
    assert [entry.versions for entry in load(file).known] == ["<1.9", ">=1.0,<1.9", ">=1.9"]
    again = file.read_text()
    assert main(["expectations", "update", results, "-o", str(file)]) == 0
    assert file.read_text() == again


def test_update_prints_for_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expectations", "update", written(tmp_path / "r", made("1", V))]) == 0
    assert len(tomllib.loads(capsys.readouterr().out)["known"]) == 1
    assert main(["expectations", "update", written(tmp_path / "r", made("1", P))]) == 0
    assert capsys.readouterr().out == "# nothing to list\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["update", "absent"], "absent: No such file or directory"),
        (["update", "two"], "these are results of crun, runc; say of which to make entries with --runtime=GLOB"),
        (["update", "two", "--runtime=youki"], "there are results of crun, runc, and none of youki"),
        (["update", "two", "--runtime=*", "--runtime-file"], "there is no one file for crun, runc; use -o FILE"),
        (["update", "two", "--runtime=crun", "-o", "no/crun.toml"], "no/crun.toml: can not be written"),
        (["check", "absent.toml"], "absent.toml: No such file or directory"),
        (["check", "two"], "two: "),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path("two"), made("1", V), msgspec.structs.replace(made("1", V), runtime=Runtime(name="runc")))
    assert main(["expectations", *arguments]) == 2
    printed, warned = capsys.readouterr()
    assert printed == "" and warned.count("\n") == 1
    assert warned.startswith(f"seatrial expectations {arguments[0]}: ") and message in warned


def test_check_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "known.toml"
    good = '[[known]]\nrequirement = "state.*"\nreason = "a reason that says something"\n'
    file.write_text(
        f'{good}{good}[[known]]\ntest = "oci/test_sea.py::test_it"\nreason = "because"\nlink = "#7"\n'
        '[[known]]\nfinding = "effect: *"\nreason = "waves"\n'
        '[[known]]\nrequirement = "sea.*"\nreason = "a reason that says something"\n'
    )
    assert main(["expectations", "check", str(file)]) == 1
    assert capsys.readouterr().out == (
        f"{file}: entry 2, state.*: it is there twice\n"
        f"{file}: entry 3, oci/test_sea.py::test_it: there is no such test\n"
        f"{file}: entry 3, oci/test_sea.py::test_it: its reason says nothing\n"
        f"{file}: entry 3, oci/test_sea.py::test_it: its link is no address: #7\n"
        f"{file}: entry 4, effect: *: its reason says nothing\n"
        f"{file}: entry 5, sea.*: there is no such requirement\n"
    )


def test_nothing_is_wrong_with_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expectations", "check"]) == 0
    assert "crun.toml" in capsys.readouterr().out
