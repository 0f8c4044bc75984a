"""The command line is taken apart like runc's, and mistakes end in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reference_runtime.options import Option, Usage, parse

OPTIONS = (
    Option("--bundle -b", "text", "", "."),
    Option("--force -f", "flag", ""),
    Option("--env -e", "list", ""),
    Option("--preserve-fds", "number", "", 0),
)
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runtime(root: Path, tmp_path: Path) -> Command:
    main = str(root / "reference_runtime/__main__.py")

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [os.path.realpath(sys.executable), "-I", "-S", main, "--root", str(tmp_path / "state"), *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    return call


@pytest.mark.parametrize("words", [["-b", "x"], ["--bundle", "x"], ["--bundle=x"], ["-bundle", "x"], ["-b=x"]])
def test_an_option_takes_a_value(words: list[str]) -> None:
    values, rest = parse([*words, "id"], OPTIONS)
    assert (values["bundle"], rest) == ("x", ["id"])


def test_options_may_follow_other_words() -> None:
    values, rest = parse(["id", "--force", "-e", "A=1", "--env=B=2"], OPTIONS)
    assert (values["force"], values["env"], rest) == (True, ["A=1", "B=2"], ["id"])


@pytest.mark.parametrize("words", [["id", "ls", "-f"], ["--", "id", "ls", "-f"]])
def test_words_of_another_program_are_left_alone(words: list[str]) -> None:
    values, rest = parse(words, OPTIONS, everything=False)
    assert (values["force"], rest) == (False, ["id", "ls", "-f"])


@pytest.mark.parametrize("words", [["--what"], ["-b"], ["--force=maybe"], ["--preserve-fds", "many"]])
def test_wrong_use(words: list[str]) -> None:
    with pytest.raises(Usage):
        parse(words, OPTIONS)


@pytest.mark.parametrize(
    "words",
    [
        ["what"],
        ["--what"],
        ["create"],
        ["create", "--what", "x"],
        ["create", "x"],
        ["create", "--bundle", "/missing", "x"],
        ["create", "../x"],
        ["start", "x"],
        ["state", "x"],
        ["state", "x", "y"],
        ["kill", "x", "TERM"],
        ["kill", "x", "WHAT"],
        ["delete", "x"],
        ["exec", "x", "ls"],
        ["update", "x"],
        ["events", "x", "--interval", "soon"],
        ["list", "--format", "xml"],
        ["--log-format", "xml", "list"],
        ["--systemd-cgroup", "list"],
        ["--bug", "no-such-bug", "list"],
        ["--log", "/missing/log", "state", "x"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_told_in_one_line(runtime: Command, words: list[str]) -> None:
    done = runtime(*words)
    errors = [line for line in done.stderr.splitlines() if line.startswith("seatrial-runtime: error: ")]
    assert (done.returncode, done.stdout, len(errors)) == (1, "", 1)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["create", "--help"], ["--bugs"], ["list"], ["features"]])
def test_what_needs_no_container_works(runtime: Command, words: list[str]) -> None:
    done = runtime(*words)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout


def test_delete_with_force_of_nothing_is_no_error(runtime: Command) -> None:
    assert runtime("delete", "--force", "x").returncode == 0


@pytest.mark.parametrize(("form", "sign"), [("text", 'msg="'), ("json", '"msg":"')])
def test_errors_go_to_the_log_too(runtime: Command, tmp_path: Path, form: str, sign: str) -> None:
    runtime("--log", str(tmp_path / "log"), "--log-format", form, "state", "x")
    assert sign in (tmp_path / "log").read_text()
