"""The files for CI: they parse, and each command line in them is one that our own parsers take."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from conformance.cli import make_parser
from conformance.plugin.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/ci"
WORKFLOWS = ["github-actions.yml", "gitlab-ci.yml", "sonobuoy-plugin.yml"]
#: Parses arguments as pytest does, and neither collects nor configures anything.
PARSE = "import sys; from _pytest.config import _prepareconfig; _prepareconfig(sys.argv[1:])"


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def commands(name: str) -> list[list[str]]:
    """The words of each command line in a file that starts one of our programs, without what a shell adds."""
    document = yaml.safe_load((FOLDER / name).read_text())
    lines = [line for text in texts(document) for line in text.splitlines()]
    found = [match for line in lines if (match := re.search(r"\b(?:pytest --?p|seatrial [a-z]+\b).*", line))]
    plain = [re.split(r"\s*(?:;|\|\||>>|&&)\s*", match[0])[0] for match in found if "pip install" not in match.string]
    return [shlex.split(line) for line in plain]


OURS = [pytest.param(words, id=f"{name}-{number}") for name in WORKFLOWS for number, words in enumerate(commands(name))]


@pytest.mark.parametrize("words", [each for each in OURS if each.values[0][0] == "seatrial"])  # type: ignore[index]
def test_our_commands_are_taken(words: list[str]) -> None:
    options = make_parser().parse_args(words[1:])
    assert callable(options.run)


def parsed(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PARSE, "-p", "no:cacheprovider", f"--rootdir={folder}", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [each for each in OURS if each.values[0][0] == "pytest"])  # type: ignore[index]
def test_pytest_takes_its_arguments(words: list[str], tmp_path: Path) -> None:
    given = {word.removeprefix("--").partition("=")[0] for word in words if word.startswith("--")}
    if "cri" in given and "cri" not in {option.name for option in OPTIONS}:
        pytest.skip("--cri is not there yet")
    arguments = [word for word in words[1:] if not word.startswith(("--pyargs", "conformance", "$suite"))]
    done = parsed(arguments, tmp_path)
    assert done.returncode == 0, done.stderr[-500:]


def test_pytest_refuses_what_is_no_argument(tmp_path: Path) -> None:
    assert "unrecognized arguments: --sail" in parsed(["--sail=1"], tmp_path).stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_each_file_starts_a_trial(name: str) -> None:
    assert any(words[0] == "pytest" and {"conformance", "$suite/cri"} & set(words) for words in commands(name))


def test_the_workflow_has_all_that_it_promises() -> None:
    found = {(words[1], *(word for word in words if "--format" in word)) for words in commands("github-actions.yml")}
    assert found >= {("compare", "--format=markdown"), ("compare", "--format=github"), ("grid",), ("report",)}
    document = yaml.safe_load((FOLDER / "github-actions.yml").read_text())
    assert document[True] == {"pull_request": None, "push": {"branches": ["main"]}}  # YAML 1.1 reads `on` as true
    trial = next(step for step in document["jobs"]["trial"]["steps"] if step.get("name") == "Trial")
    assert "SEATRIAL_BASELINE" in trial["env"]


def test_the_plugin_has_what_sonobuoy_asks_for() -> None:
    document = yaml.safe_load((FOLDER / "sonobuoy-plugin.yml").read_text())
    assert document["sonobuoy-config"] == {"driver": "DaemonSet", "plugin-name": "seatrial", "result-format": "junit"}
    (script,) = document["spec"]["args"]
    assert script.rstrip().endswith('>"$results/done"')
    assert {"results", "run"} == {mount["name"] for mount in document["spec"]["volumeMounts"]}


def scripts() -> Iterator[Any]:
    """Every shell script in the files."""
    github = yaml.safe_load((FOLDER / "github-actions.yml").read_text())
    for number, step in enumerate(github["jobs"]["trial"]["steps"]):
        if "run" in step:
            yield pytest.param(step["run"], id=f"github-{number}")
    gitlab = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text())
    for job in ("build", "trial", "pages"):
        for part in ("script", "after_script"):
            yield pytest.param("\n".join(gitlab[job].get(part, ())), id=f"gitlab-{job}-{part}")
    yield pytest.param(yaml.safe_load((FOLDER / "sonobuoy-plugin.yml").read_text())["spec"]["args"][0], id="sonobuoy")


@pytest.mark.parametrize("script", list(scripts()))
def test_scripts_are_shell(script: str) -> None:
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_has_what_it_copies_and_starts_what_there_is(tmp_path: Path) -> None:
    text = (FOLDER / "Containerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for word in line.split()]
    assert all((ROOT / each).exists() for each in copied)
    wanted = re.search(r"^packages = (\[.*\])$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert wanted is not None and set(json.loads(wanted[1])) <= set(copied)
    entry = re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    assert entry is not None
    program, *arguments = json.loads(entry[1])
    assert program == "pytest"
    example = " ".join(line.strip("# \\") for line in text.splitlines()[2:4]).partition(" seatrial ")[2]
    assert parsed([*arguments[:2], *shlex.split(example)], tmp_path).returncode == 0
    assert "--runtime=" in example


def test_the_guide_names_every_file() -> None:
    named = set(re.findall(r"\]\(([\w.-]+)\)", (FOLDER / "README.md").read_text()))
    assert named == {path.name for path in FOLDER.iterdir()} - {"README.md"}
