"""config.md, Process: the program, its arguments, environment and working directory."""

from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.errors import OperationFailed
from conformance.harness.observed import Inside
from conformance.harness.refusal import never_runs
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit, edited
from strategies.edits import args, cwd, drop, env, put

#: Words that a shell, a careless split or a join with spaces would change, and a long one; the probe reads up to "--".
WORDS = (
    "/probe",
    "report",
    "--",
    "",
    "two words",
    " ",
    "ünï",
    "-x",
    "*",
    "$HOME",
    "a'b\"c\\",
    "line\nbreak",
    "=",
    "x" * 100_000,
    "end",
)
#: Variables whose values are empty, have an equals sign, spaces, quotes or a line break.
VARIABLES = ("A=1", "EMPTY=", "EQUALS=a=b=c", "SPACES= a  b ", "QUOTES='\"$A`", "UNI=ü", "lower=x", "LINES=1\n2", "B=2")


def variables(inside: Inside) -> list[str]:
    """The environment but for HOME, which runtimes may add when the config has none."""
    return sorted(variable for variable in inside.env if not variable.startswith("HOME="))


def process(*edits: Edit) -> dict[str, Any]:
    """A process document for ``exec``, with edits applied to the base config's."""
    document: dict[str, Any] = edited(*edits)["process"]
    return document


@musts("process.args", "process")
@proved_by("args-last-dropped", "args-empty-dropped", "args-split", "args-doubled", "args-first-only", "args-cut")
def test_arguments_arrive_to_the_letter(run: Run) -> None:
    """The program gets every argument as it stands in the config, and no other."""
    assert run(args(*WORDS)).args == list(WORDS)


@musts("process.env")
@proved_by(
    "env-dropped", "env-last-dropped", "env-cut-at-equals", "env-empty-dropped", "env-inherited", "env-home-added"
)
def test_the_environment_is_the_configured_one(run: Run) -> None:
    """The program gets every variable as it stands in the config, and no other."""
    configured = ["PATH=/", "HOME=/home", *VARIABLES]
    assert sorted(run(put("process.env", configured)).env) == sorted(configured)


@musts("process.env")
@proved_by("env-default-added", "env-inherited")
def test_no_environment_is_none(run: Run) -> None:
    """Without an environment in the config the program gets none, least of all that of the runtime's caller."""
    assert variables(run(drop("process.env"))) == []


@musts("process.cwd")
@proved_by("cwd-ignored")
@pytest.mark.parametrize("path", ["/run", "/run/a b/ü"], ids=["folder", "deep"])
def test_the_program_starts_in_its_working_directory(container: MakeContainer, path: str) -> None:
    """The program's working directory is the configured one."""
    made = container(cwd(path))
    made.prepare("mkdir -p 'rootfs/run/a b/ü'")
    assert made.run().inside.cwd == path


@musts("process.cwd")
@proved_by("cwd-ignored")
def test_a_working_directory_of_the_user_alone_is_entered(container: MakeContainer) -> None:
    """A working directory that nobody but the configured user may enter is entered."""
    made = container(cwd("/home/sea"), put("process.user", {"uid": 1000, "gid": 1000}))
    made.prepare("mkdir -p rootfs/home/sea; chown 1000:1000 rootfs/home/sea; chmod 700 rootfs/home/sea")
    assert made.run().inside.cwd == "/home/sea"


@musts("process.cwd")
@proved_by("cwd-through-descriptors")
def test_a_working_directory_can_not_lead_out_of_the_container(container: MakeContainer) -> None:
    """A working directory that is a descriptor of the runtime's own is refused, or it is one of the container's."""
    assert container(cwd("/proc/self")).run().inside.cwd == "/proc/1"
    outside = []
    for descriptor in range(3, 10):
        try:
            reached = container(cwd(f"/proc/self/fd/{descriptor}")).run().inside.cwd
        except OperationFailed:
            continue
        outside += [reached] if reached is None or reached.startswith("(unreachable)") else []
    assert outside == []


@musts("process.cwd.absolute", "process.cwd.required", "valid-values.invalid")
@proved_by("cwd-defaulted")
@pytest.mark.parametrize(
    "change", [cwd("tmp"), cwd(""), cwd("./"), drop("process.cwd")], ids=["relative", "empty", "dot", "missing"]
)
def test_a_working_directory_that_is_no_absolute_path_is_refused(container: MakeContainer, change: Edit) -> None:
    """A working directory that is missing or not an absolute path is an invalid value."""
    never_runs(container(change))


@musts("process.args.lookup")
@proved_by("path-ignored", "argv0-resolved", "path-first-only")
def test_a_program_is_searched_for_in_path(run: Run) -> None:
    """A program named without a slash is found in a folder of PATH, and keeps its name as first argument."""
    change = put("process.env", ["PATH=/mnt:/tmp:/:/run"])
    assert run(change, args("probe", "report"), cwd("/proc")).args == ["probe", "report"]


@musts("process.args.lookup")
@proved_by("path-reversed", "path-first-only")
def test_the_first_program_in_path_is_taken(container: MakeContainer) -> None:
    """Of several files of the name in PATH the first that can be executed is the program."""
    made = container(put("process.env", ["PATH=/mnt:/tmp:/run:/"]), args("probe", "report"))
    made.prepare(
        "mkdir rootfs/mnt/probe; cp rootfs/probe rootfs/run/probe; : >rootfs/tmp/probe; chmod 644 rootfs/tmp/probe"
    )
    assert made.run().inside.exe == "/run/probe"


@musts("process.args.lookup")
@proved_by("path-with-slash")
@pytest.mark.parametrize("name", ["./probe", "../tmp/probe", "sub/probe"])
def test_a_name_with_a_slash_counts_from_the_working_directory(container: MakeContainer, name: str) -> None:
    """A program named with a slash is not searched for: its name counts from the working directory."""
    made = container(cwd("/tmp"), args(name, "report"))
    made.prepare("mkdir rootfs/tmp/sub; mv rootfs/probe rootfs/tmp/probe; ln rootfs/tmp/probe rootfs/tmp/sub/probe")
    assert made.run().inside.args[0] == name


@musts("process.args.lookup", "process.args.one", "valid-values.invalid")
@proved_by("program-missing-accepted")
@pytest.mark.parametrize(
    ("path", "word"),
    [
        pytest.param("/mnt", "probe", marks=proved_by("path-with-cwd"), id="elsewhere"),
        pytest.param("/", "missing", id="missing"),
        pytest.param("/", "/run/data", id="no-program"),
        pytest.param("/", "/run", id="folder"),
        pytest.param("/run:/", "data", id="not-executable"),
        pytest.param("/", "", id="empty"),
    ],
)
def test_a_program_that_is_not_there_is_an_error(container: MakeContainer, path: str, word: str) -> None:
    """Where execvp would find nothing to execute, create or start is an error."""
    made = container(put("process.env", [f"PATH={path}"]), args(word))
    made.prepare("echo data >rootfs/run/data; cp rootfs/run/data rootfs/data")
    never_runs(made)


@musts("process.args.one", "valid-values.invalid")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(args(), marks=proved_by("args-defaulted"), id="no-args"),
        pytest.param(drop("process.args"), marks=proved_by("args-defaulted"), id="args-missing"),
        pytest.param(put("process.args", "/probe"), marks=proved_by("args-defaulted"), id="args-text"),
        pytest.param(put("process.args", ["/probe", 1]), marks=proved_by("invalid-values-ignored"), id="args-number"),
        pytest.param(put("process.env", {"A": "1"}), marks=proved_by("invalid-values-ignored"), id="env-map"),
        pytest.param(put("process.terminal", "no"), marks=proved_by("invalid-values-ignored"), id="terminal-text"),
        pytest.param(put("process.cwd", 1), marks=proved_by("cwd-defaulted"), id="cwd-number"),
    ],
)
def test_a_process_of_another_shape_is_refused(container: MakeContainer, change: Edit) -> None:
    """A process without arguments, or with properties of other types, is invalid: create or start is an error."""
    never_runs(container(change))


@musts("process.env", "process.cwd", "process.args", needs="command.exec")
@proved_by("exec-env-dropped", "exec-args-last-dropped")
def test_exec_inherits_the_environment(bring: Bring) -> None:
    """A process executed later gets its own arguments, and the environment of the config."""
    inside = bring("running", env("SEA=calm", "HOME=/home")).exec(*WORDS).inside
    assert inside.args == list(WORDS)
    assert sorted(inside.env) == ["HOME=/home", "PATH=/", "SEA=calm"]


@musts("process.cwd", needs="command.exec")
@proved_by("exec-cwd-ignored")
def test_exec_inherits_the_working_directory(bring: Bring) -> None:
    """A process executed later begins in the working directory of the config."""
    assert bring("running", cwd("/mnt")).exec().inside.cwd == "/mnt"


@musts("process.env", "process.cwd", needs="command.exec")
@proved_by("exec-flags-ignored")
def test_exec_can_be_told_environment_and_working_directory(bring: Bring) -> None:
    """The flags of exec add variables to the environment, and replace the working directory."""
    flags = ("--env", "WIND=a=b", "--env", "TIDE=", "--cwd", "/mnt")
    inside = bring("running", env("SEA=calm"), cwd("/run")).exec(flags=flags).inside
    assert inside.cwd == "/mnt"
    assert variables(inside) == ["PATH=/", "SEA=calm", "TIDE=", "WIND=a=b"]


@musts("process.env", "process.cwd", "process.args", "process.args.lookup", needs="command.exec")
@proved_by("exec-document-ignored", "exec-env-dropped")
def test_exec_takes_a_process_document_as_a_whole(bring: Bring) -> None:
    """Of a process document that exec is given everything counts, and nothing of the config's process."""
    document = process(put("process.env", ["PATH=/mnt:/", "WIND=up"]), cwd("/run"), args("probe", *WORDS[1:]))
    inside = bring("running", env("SEA=calm"), cwd("/tmp")).exec(process=document).inside
    assert variables(inside) == ["PATH=/mnt:/", "WIND=up"]
    assert (inside.cwd, inside.args) == ("/run", ["probe", *WORDS[1:]])


@musts("process.args", needs="command.exec")
@proved_by("exec-exit-status-lost")
def test_exec_ends_as_its_process_does(bring: Bring) -> None:
    """The status of exec is the exit status of its process."""
    running = bring("running")
    assert running.exec("/probe", "exit", "0").exit_status == 0
    assert running.exec("/probe", "exit", "77").exit_status == 77
