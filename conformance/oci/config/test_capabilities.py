"""config.md, Linux Process: the five sets of capabilities."""

import pytest

from conformance import musts, proved_by
from conformance.harness.host import Host
from conformance.harness.observed import Inside
from conformance.plugin.fixtures import Bring, Run
from strategies.edit import Edit, edited
from strategies.edits import capabilities, do, put, user

#: In the order of their numbers, see capabilities(7).
NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip
SETS = ("effective", "permitted", "bounding", "inheritable", "ambient")
#: The sets that a root process has all of after execve(2) when they are equal.
OF_ROOT = ("effective", "permitted", "bounding")


def held(inside: Inside) -> dict[str, list[str]]:
    """The five sets of the program, in the order of the names."""
    return {which: sorted(getattr(inside.capabilities, which) or ()) for which in SETS}


def sets(**names: str) -> dict[str, list[str]]:
    """Five sets as ``held`` gives them, from words; those not given are empty."""
    return {which: sorted(f"CAP_{name}" for name in names.get(which, "").split()) for which in SETS}


def configured(**names: str) -> list[Edit]:
    """The edits that ask for these sets."""
    return [capabilities(*names.get(which, "").split(), sets=[which]) for which in SETS]


#: What a user other than root keeps over execve(2): ambient is what counts, the other sets each have one more.
USER = {
    "effective": "CHOWN AUDIT_READ",
    "permitted": "CHOWN AUDIT_READ",
    "ambient": "CHOWN AUDIT_READ",
    "inheritable": "CHOWN AUDIT_READ KILL",
    "bounding": "CHOWN AUDIT_READ KILL FOWNER SYSLOG",
}
ROOT = {
    "effective": "KILL SYSLOG CHOWN",
    "permitted": "KILL SYSLOG CHOWN",
    "bounding": "KILL SYSLOG CHOWN",
    "inheritable": "SYSLOG",
}


@musts("process.capabilities", "process.capabilities.names", "process.capabilities.effective")
@musts("process.capabilities.permitted", "process.capabilities.bounding")
@proved_by(
    "capabilities-dropped",
    "capabilities-full",
    "capabilities-bounding-full",
    "capabilities-bounding-dropped",
    "capabilities-cut-to-32",
    "capabilities-last-dropped",
    "capabilities-inheritable-filled",
)
@pytest.mark.parametrize("parity", [0, 1], ids=["even", "odd"])
def test_root_has_the_listed_capabilities_only(run: Run, host: Host, parity: int) -> None:
    """Root has each capability that the config lists by its name, and no other."""
    names = [name for number, name in enumerate(NAMES) if number % 2 == parity and host.capabilities >> number & 1]
    words = " ".join(names)
    expected = sets(effective=words, permitted=words, bounding=words)
    assert held(run(capabilities(*names))) == expected


@musts("process.capabilities.inheritable", "process.capabilities.bounding", "process.capabilities.effective")
@proved_by("capabilities-inheritable-dropped", "capabilities-inheritable-filled")
def test_the_sets_of_root_are_as_configured(run: Run) -> None:
    """For root each of the sets is the configured one, the inheritable one too."""
    assert held(run(*configured(**ROOT))) == sets(**ROOT)


@musts("process.capabilities.ambient", "process.capabilities.inheritable", "process.capabilities.bounding")
@musts("process.capabilities.permitted", "process.capabilities.effective")
@proved_by(
    "capabilities-ambient-dropped",
    "capabilities-ambient-first-only",
    "capabilities-inheritable-dropped",
    "capabilities-inheritable-first-only",
    "capabilities-bounding-first-only",
    "capabilities-permitted-dropped",
    "capabilities-bounding-full",
)
def test_the_sets_of_a_user_are_as_configured(run: Run) -> None:
    """For a user other than root each of the five sets is the configured one."""
    assert held(run(user(1000, 1000), *configured(**USER))) == sets(**USER)


@musts("process.capabilities", "process.capabilities.bounding", "process.capabilities.ambient")
@proved_by("capabilities-full")
@pytest.mark.parametrize(
    ("uid", "value"),
    [(0, {}), (0, {which: [] for which in SETS}), (1000, {"bounding": []})],
    ids=["object", "lists", "user"],
)
def test_no_capability_listed_is_none_held(run: Run, uid: int, value: dict[str, list[str]]) -> None:
    """With sets that are absent or empty the program holds no capability in any set, root or not."""
    assert held(run(put("process.capabilities", value), user(uid, uid))) == sets()


@musts("process.capabilities.bounding")
@proved_by("capabilities-bounding-dropped", "capabilities-bounding-first-only", "capabilities-bounding-full")
def test_a_user_has_a_bounding_set(run: Run) -> None:
    """A user without capabilities has the bounding set of the config, and nothing in the other sets."""
    wanted = "KILL NET_BIND_SERVICE BLOCK_SUSPEND"
    assert held(run(user(1000, 1000), *configured(bounding=wanted))) == sets(bounding=wanted)


@musts("process.capabilities.effective", "process.capabilities.ambient")
@proved_by("capabilities-dropped")
@pytest.mark.parametrize(("uid", "names"), [(0, OF_ROOT), (1000, SETS)], ids=["root", "user"])
def test_capabilities_let_the_program_do_what_others_can_not(run: Run, uid: int, names: tuple[str, ...]) -> None:
    """With CAP_CHOWN the program can give a file away, without it it can not."""
    change = do("chown", "/tmp", 5, 5)
    without = run(user(uid, uid), capabilities("KILL", sets=names), change).action("chown")
    assert (without.result, without.errno) == (-1, "EPERM")
    assert run(user(uid, uid), capabilities("CHOWN", sets=names), change).action("chown").result == 0


@musts("process.capabilities.warned", "process.capabilities.not-grantable")
@proved_by("capabilities-unknown-refused", "capabilities-unknown-drops-all")
@pytest.mark.parametrize("name", ["CAP_SEA", "sea"], ids=["new", "odd"])
def test_an_unknown_capability_changes_nothing(run: Run, name: str) -> None:
    """A capability that nobody knows is at most warned about: the program runs with the others."""
    value = {which: ["CAP_KILL", name, "CAP_CHOWN"] for which in OF_ROOT}
    words = "CHOWN KILL"
    assert held(run(put("process.capabilities", value))) == sets(effective=words, permitted=words, bounding=words)


@musts("process.capabilities.not-grantable")
@proved_by("capabilities-missing-refused")
def test_a_capability_that_can_not_be_granted_changes_nothing(run: Run, host: Host) -> None:
    """A capability that the runtime does not have itself is not granted; the program runs with the others."""
    missing = [name for number, name in enumerate(NAMES[:38]) if not host.capabilities >> number & 1]
    if not missing:
        pytest.skip("not here: the host has every capability")
    words = "CHOWN KILL"
    expected = sets(effective=words, permitted=words, bounding=words)
    assert held(run(capabilities("KILL", *missing, "CHOWN"))) == expected


@musts("process.capabilities", "process.capabilities.bounding", "process.capabilities.effective", needs="command.exec")
@proved_by("exec-capabilities-dropped", "exec-capabilities-full")
@pytest.mark.parametrize("uid", [0, 1000], ids=["root", "user"])
def test_exec_inherits_the_capabilities(bring: Bring, uid: int) -> None:
    """A process executed later has the capabilities of the config."""
    names = USER if uid else ROOT
    assert held(bring("running", user(uid, uid), *configured(**names)).exec().inside) == sets(**names)


@musts("process.capabilities", needs="command.exec")
@proved_by("exec-document-ignored", "exec-capabilities-dropped")
def test_exec_takes_the_capabilities_of_its_document(bring: Bring) -> None:
    """With a process document exec gives its process the capabilities that this lists, and no others."""
    running = bring("running", capabilities("KILL", "FOWNER"))
    own = dict.fromkeys(OF_ROOT, "CHOWN KILL")
    assert held(running.exec(process=edited(*configured(**own))["process"]).inside) == sets(**own)


@musts("process.capabilities", needs="command.exec")
@proved_by("exec-flags-ignored", "exec-capabilities-full")
def test_exec_can_be_told_a_capability(bring: Bring) -> None:
    """The flag of exec gives its process a capability that the config does not list, and no further one."""
    inside = bring("running", capabilities("KILL")).exec(flags=("--cap", "CAP_CHOWN")).inside
    assert "CAP_CHOWN" in inside.capabilities.effective
    assert set(inside.capabilities.bounding) <= {"CAP_CHOWN", "CAP_KILL"}
