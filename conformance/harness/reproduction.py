"""What a violation leaves behind: a folder with the bundles, the story, and ``run.sh``.

``run.sh`` needs a shell and the runtime.  It repeats the commands of the test in their order and looks at the fact
that the test stumbled over.  It exits with 1 while the fact is as it was then, with 0 when it is not, with 2 when it
could not be seen: what ``git bisect run`` and a reader of an upstream issue want.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.probe.report import binary
from strategies.config import ROOTFS_DIRECTORIES

if TYPE_CHECKING:
    from conformance.harness.journal import Evidence, Journal, Step
    from conformance.harness.runtime import Runtime

PROLOGUE = Path(__file__).with_suffix(".sh")
HEAD = """\
#!/bin/sh
# {title}
#
# Exits 1 while this is violated, 0 when it is not, 2 when it can not be told.  As root, with another runtime:
#   RUNTIME=/path/to/runtime sh run.sh
default='{runtime}'
containers='{containers}'
cgroups='{cgroups}'
folders='{folders}'

"""

#: What looks at a fact that is in a file, by the kind of evidence.
JUDGES = {
    "file": "judge",
    "tags": "judge_tags",
    "namespace": "judge_namespace",
    "lacking": "judge_lacking",
    "silent": "judge_silent",
    "unequal": "judge_unequal",
}
#: Fields of the probe's report that are never the same twice, and mean something only beside those of the host.
FLEETING = ('"namespaces":', '"clocks":', '"fds":', '"cgroups":', '"cwd_inode":')


@dataclass(frozen=True)
class Story:
    """What the folder tells: the test's name and sentence, and what was expected and seen."""

    test: str
    sentence: str
    requirements: list[str]
    reason: str


def write_reproduction(folder: Path, story: Story, runtime: Runtime, journal: Journal) -> Path:
    """Write the folder, in the place of an older one of the same name; returns the path of its ``run.sh``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(binary(), folder / "probe")
    numbers = {path: str(number) for number, path in enumerate(journal.configs, 1)}
    for path, number in numbers.items():
        text = json.dumps(journal.configs[path], indent=2)
        (folder / f"config-{number}.json").write_text(text.replace(path, f"@WORK@/{number}") + "\n")
    script = folder / "run.sh"
    script.write_bytes(_encoded(Script(runtime, journal, numbers).text(story)))
    script.chmod(0o755)
    (folder / "README.md").write_bytes(_encoded(_readme(story, runtime, journal)))
    return script


def _encoded(text: str) -> bytes:
    """A text as bytes: those that were no UTF-8 when they were read as they were, and no lone surrogates."""
    return re.sub(r"[\ud800-\udc7f\udd00-\udfff]", "?", text).encode(errors="surrogateescape")


class Script:
    """Makes the text of ``run.sh`` from a journal."""

    def __init__(self, runtime: Runtime, journal: Journal, numbers: dict[str, str]) -> None:
        self.runtime, self.journal, self.numbers = runtime, journal, numbers
        self.last = next(iter(numbers.values()), "1")
        self.by_id: dict[str, str] = {}
        roots = [step.argv[step.argv.index("--root") + 1] for step in journal.steps if "--root" in step.argv]
        self.folders = {path: f"/{number}" for path, number in numbers.items()}
        self.folders |= dict.fromkeys(roots, "/state")

    def text(self, story: Story) -> str:
        """The whole script."""
        names = dict.fromkeys(step.argv[-1] for step in self.journal.steps if _word(step) == "create")
        head = HEAD.format(
            title=story.sentence,
            runtime=shlex.join([*self.runtime.argv, *self.runtime.profile.arguments, *self.runtime.arguments]),
            containers=" ".join(map(shlex.quote, names)),
            cgroups=" ".join(dict.fromkeys([*names, *self.cgroups()])),
            folders=" ".join(ROOTFS_DIRECTORIES),
        )
        steps = [
            *(f"bundle {number}" for number in self.numbers.values()),
            *filter(None, map(self.line, self.journal.steps)),
            *self.judgement(self.journal.evidence),
        ]
        return head + PROLOGUE.read_text() + "\n".join(steps) + "\n"

    def cgroups(self) -> list[str]:
        """The topmost cgroups that the configs name, which a runtime may leave behind."""
        linux = [config.get("linux") for config in self.journal.configs.values()]
        paths = [section.get("cgroupsPath") for section in linux if isinstance(section, dict)]
        return [path.strip("/").split("/")[0] for path in paths if isinstance(path, str) and path.strip("/")]

    def line(self, step: Step) -> str:
        """One step as a line of shell; "" for what a script need not repeat."""
        if step.kind == "call":
            return self.call(step)
        if step.kind == "prepare":
            return f"(cd {self.quoted(step.argv[0])} && sh -euc {shlex.quote(step.text)}) || exit 2"
        text = shlex.quote(step.text)
        lines = {
            "wait": f"ended {self.number(step)}",
            "printed": f"printed {self.number(step)} {text}",
            "signal": f"signal {text} {self.number(step)}",
            "awaited": "awaited",
            "strike": f"strike {''.join(step.argv)} {text}",
            "shell": f"under={text}",
            "descriptors": f"echo {text}",
        }
        return lines.get(step.kind, "")

    def call(self, step: Step) -> str:
        """One call of the runtime; a create that has the harness's pid file gets that of the script."""
        words = list(step.argv[step.argv.index("--root") + 2 :])
        begin = "begin " if step.background else ""
        self.last = self.number_of(words) if words[:1] == ["create"] else self.last
        own = ["--pid-file", *(f"{folder}/pid" for folder, number in self.numbers.items() if number == self.last)]
        if words[:1] != ["create"] or not any(list(pair) == own for pair in pairwise(words)):
            return f"{begin}call " + " ".join(map(self.quoted, words))
        if step.exit_status == 0 or words[-1] not in self.by_id:
            self.by_id[words[-1]] = self.last
        rest = _without(words[1:], "--pid-file")
        return f"{begin}create {self.last} " + " ".join(map(self.quoted, rest))

    def number(self, step: Step) -> str:
        """The number of the bundle of the container that a step is about."""
        return self.by_id.get(step.argv[0], self.last) if step.argv else self.last

    def number_of(self, words: list[str]) -> str:
        """The number of the bundle that a create names."""
        return next((self.numbers[word] for word in words if word in self.numbers), self.last)

    def quoted(self, word: str) -> str:
        """A word for the shell, with the folders of the trial replaced by the script's own."""
        for path, place in self.folders.items():
            if path in word:
                before, _, after = word.partition(path)
                return f'{shlex.quote(before) if before else ""}"$work"{place}{shlex.quote(after) if after else ""}'
        return shlex.quote(word)

    def judgement(self, evidence: Evidence | None) -> list[str]:  # noqa: PLR0911  # one for each kind of fact
        """The last lines: look at the fact again."""
        if evidence is None or (not evidence.text and evidence.where in {"output", "program"}):
            return ['echo "Look at the output above."; exit 2']
        if evidence.text.startswith(FLEETING):
            return [f'cat "$work/{self.last}.stdout"; echo "Compare this with what the README says."; exit 2']
        if any(step.kind == "descriptors" or "--console-socket" in step.argv for step in self.journal.steps):
            return ['echo "A shell can not hand the descriptors over that the test did."; exit 2']
        text, where = evidence.text, evidence.where
        if where == "status":
            return [f'[ "$status" -eq {_as_shell_status(int(text))} ] && exit 1', "exit 0"]
        if where == "ended":
            return [f'cat "$work/{self.last}.stdout"; echo "The program then ended with wait status {text}."; exit 2']
        if where == "accepted":
            return [f'[ "$accepted" -eq {text} ] && exit 1', "exit 0"]
        if where == "process":
            return [f"alive {shlex.quote(text)} && exit 1", "exit 0"]
        kind, _, path = where.partition(" ")
        if kind in JUDGES:
            return [f"{JUDGES[kind]} {shlex.quote(text)} {self.quoted(_on_the_host(path))}"]
        if where.startswith("exists "):
            return [f"[ -e {self.quoted(_on_the_host(where.removeprefix('exists ')))} ] && exit 1", "exit 0"]
        file = '"$work/output"' if where == "output" else f'"$work/{self.last}.stdout"'
        show = [f"cat {file}"] if where == "program" else []
        return [*show, f"judge {shlex.quote(text)} {file}"]


def _as_shell_status(status: int) -> int:
    """An exit status, negative for a signal, as a shell tells it."""
    return 128 - status if status < 0 else status


def _on_the_host(path: str) -> str:
    """A path that the trial looked at through its spawner, as it reads without."""
    return re.sub(r"^/proc/\d+/root", "", path)


def _readme(story: Story, runtime: Runtime, journal: Journal) -> str:
    edits = "\n".join(f"    {edit}" for edit in journal.edits) or "    (none: the base config)"
    return (
        f"# {story.test}\n\n{story.sentence}\n\nRequirements:\n\n"
        + "".join(f"- {line}\n" for line in story.requirements)
        + f"\nRuntime: {runtime.describe()}\n\nWhat was seen:\n\n```\n{story.reason}\n```\n\n"
        + _compared(journal)
        + f"The config is the suite's base config with these edits:\n\n{edits}\n\n"
        + "`sh run.sh` as root shows it: exit status 1 while it is there, 0 when it is gone.\n"
    )


def _compared(journal: Journal) -> str:
    """Expected beside observed, and the calls that were made."""
    sides = (
        f"Expected:\n\n    {journal.expected}\n\nObserved:\n\n    {journal.observed}\n\n" if journal.expected else ""
    )
    steps = "\n".join("    " + " ".join(call) for call in journal.calls())
    return f"{sides}The calls of the runtime:\n\n{steps}\n\n"


def _word(step: Step) -> str:
    return step.argv[step.argv.index("--root") + 2] if step.kind == "call" and "--root" in step.argv else ""


def _without(words: list[str], flag: str) -> list[str]:
    """Words without a flag and its value."""
    if flag not in words:
        return words
    place = words.index(flag)
    return words[:place] + words[place + 2 :]
