"""The verbs that edits write are verbs of the probe, with as many arguments as it takes."""

import subprocess

import pytest

from conformance.probe.report import binary, parse
from strategies.edit import Config, Edit
from strategies.edits import (
    append,
    burn,
    burn_cpu,
    exits,
    folder,
    fork,
    ignore,
    line,
    opened,
    read,
    readlink,
    spawn,
    stat,
    stdin,
    syscall,
    tag,
    threads,
    to,
    touch,
    trap,
    until,
    wait,
    write,
)

PROGRAMS = [
    append("/x", "t"),
    burn(1),
    burn_cpu(1),
    exits(0),
    folder("/x"),
    fork(1),
    ignore("TERM"),
    line(),
    opened("/x"),
    read("/x"),
    readlink("/x"),
    spawn(),
    stat("/x"),
    stdin(),
    syscall(39),
    syscall(39, 1, 2, 3, 4),
    tag("t"),
    threads(1),
    to("/x"),
    touch("1M"),
    trap("TERM"),
    until("/x"),
    wait(),
    write("/x", "t"),
]


@pytest.fixture(scope="session")
def arity() -> dict[str, int]:
    said = subprocess.run([binary(), "verbs"], capture_output=True, check=True).stdout
    verbs = parse(said)[1][0].verbs
    assert verbs
    return {verb.name: verb.arity for verb in verbs}


@pytest.mark.parametrize("edit", PROGRAMS, ids=repr)
def test_the_probe_takes_these_arguments(edit: Edit, arity: dict[str, int]) -> None:
    config: Config = {}
    edit(config)
    verb, *words = config["process"]["args"]
    assert len(words) == arity[verb]
