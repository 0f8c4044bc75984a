"""config.md, Linux Process: noNewPrivileges and oomScoreAdj."""

from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.harness.refusal import never_runs
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit, edited
from strategies.edits import (
    apparmor_profile,
    args,
    capabilities,
    no_new_privileges,
    oom_score_adj,
    put,
    selinux_label,
    user,
)

#: A program that reports, and then executes one that the file system says is to run with more privileges.
GAIN = ("/probe", "exec", "/gain", "report")
PREPARED = {
    "setuid": "cp rootfs/probe rootfs/gain; chmod 4755 rootfs/gain",
    "setgid": "cp rootfs/probe rootfs/gain; chmod 2755 rootfs/gain",
    "capability": "cp rootfs/probe rootfs/gain; setcap cap_chown+ep rootfs/gain",
}


def gained(made: Container, how: str) -> tuple[int, int, list[str]]:
    """The effective ids and capabilities that a user has in a program that would give it more."""
    made.prepare(PREPARED[how])
    inside = made.run().inside
    return inside.uid.effective, inside.gid.effective, inside.capabilities.effective


@musts("process.no-new-privileges", needs="program.setcap")
@proved_by("no-new-privileges-dropped", "no-new-privileges-always")
@pytest.mark.parametrize(
    ("how", "more"),
    [("setuid", (0, 1000, ["CAP_CHOWN"])), ("setgid", (1000, 0, [])), ("capability", (1000, 1000, ["CAP_CHOWN"]))],
    ids=["setuid", "setgid", "capability"],
)
def test_no_new_privileges_can_be_gained(container: MakeContainer, how: str, more: tuple[int, int, list[str]]) -> None:
    """With noNewPrivileges no program gives the user more privileges; without it one can."""
    edits = (user(1000, 1000), capabilities("CHOWN", sets=["bounding"]), args(*GAIN))
    assert gained(container(*edits), how) == more
    assert gained(container(*edits, no_new_privileges()), how) == (1000, 1000, [])


@musts("process.no-new-privileges")
@proved_by("no-new-privileges-dropped", "no-new-privileges-always")
def test_the_program_knows_whether_it_can_gain_privileges(run: Run) -> None:
    """The attribute of the process is set with noNewPrivileges true, and is not set with false."""
    assert run(no_new_privileges()).no_new_privs is True
    assert run(no_new_privileges(False)).no_new_privs is False


@musts("process.no-new-privileges", needs="command.exec")
@proved_by("exec-no-new-privileges-dropped")
def test_exec_can_not_gain_privileges_either(bring: Bring) -> None:
    """A process executed later can not gain privileges when the config's can not."""
    assert bring("running", no_new_privileges()).exec().inside.no_new_privs is True
    assert bring("running").exec().inside.no_new_privs is False


@musts("process.no-new-privileges", needs="command.exec")
@proved_by("exec-flags-ignored", "exec-document-ignored", "exec-no-new-privileges-dropped")
def test_exec_can_be_told_to_gain_no_privileges(bring: Bring) -> None:
    """A flag of exec, or its process document, keeps one process from gaining privileges."""
    running = bring("running")
    assert running.exec(flags=("--no-new-privs",)).inside.no_new_privs is True
    assert running.exec(process=edited(no_new_privileges())["process"]).inside.no_new_privs is True


@musts("process.oom-score-adj", needs="runtime.host-kernel")
@proved_by("oom-score-adj-dropped", "oom-score-adj-off-by-one")
@pytest.mark.parametrize(
    "score", [pytest.param(0, marks=proved_by("oom-score-adj-zero-ignored")), 500, 1000], ids=["zero", "some", "most"]
)
def test_the_program_has_its_score(container: MakeContainer, score: int) -> None:
    """The value is the configured one, 0 too, whatever that of the runtime's caller is."""
    made = container(oom_score_adj(score))
    made.create(under="echo 250 >/proc/self/oom_score_adj")
    made.start()
    assert made.wait().inside.oom_score_adj == score


@musts("process.oom-score-adj", needs="cap.SYS_RESOURCE")
@proved_by("oom-score-adj-dropped")
@pytest.mark.parametrize("score", [-1, -1000])
def test_the_program_can_be_spared(run: Run, score: int) -> None:
    """A privileged runtime sets values below 0."""
    assert run(oom_score_adj(score)).oom_score_adj == score


@musts("process.oom-score-adj.unset", needs="runtime.host-kernel")
@proved_by("oom-score-adj-zeroed")
def test_without_a_score_that_of_the_caller_stays(container: MakeContainer) -> None:
    """Without oomScoreAdj the runtime leaves the value as it finds it."""
    made = container()
    made.create(under="echo 250 >/proc/self/oom_score_adj")
    made.start()
    assert made.wait().inside.oom_score_adj == 250


@musts("process.oom-score-adj")
@proved_by("oom-score-adj-dropped", "oom-score-adj-off-by-one")
def test_the_host_sees_the_score(bring: Bring) -> None:
    """The value stands in the file of the container's first process on the host."""
    running = bring("running", oom_score_adj(321))
    assert running.read(running.proc / "oom_score_adj") == "321\n"


@musts("process.oom-score-adj", "create.unapplicable", "valid-values.invalid")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize("score", [1001, "500", 1.5], ids=["beyond", "text", "fraction"])
def test_a_score_that_can_not_be_is_refused(container: MakeContainer, score: Any) -> None:
    """A value that the kernel does not know is an error."""
    never_runs(container(put("process.oomScoreAdj", score)))


@musts("process.apparmor-profile", "process.selinux-label", "create.unapplicable", needs="security.none")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(apparmor_profile("seatrial-none"), marks=proved_by("apparmor-dropped"), id="apparmor"),
        pytest.param(selinux_label("sea:trial:none:s0"), marks=proved_by("selinux-dropped"), id="selinux"),
    ],
)
def test_a_label_that_can_not_be_given_is_refused(container: MakeContainer, change: Edit) -> None:
    """On a host without security modules a profile or label of theirs is an error."""
    never_runs(container(change))


@musts("process.no-new-privileges", "valid-values.invalid")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize(
    "change",
    [put("process.noNewPrivileges", "true"), put("process.capabilities", ["CAP_KILL"])],
    ids=["flag", "capabilities"],
)
def test_a_property_of_another_type_is_refused(container: MakeContainer, change: Edit) -> None:
    """A property whose value is of another type than the specified one is an error."""
    never_runs(container(change))
