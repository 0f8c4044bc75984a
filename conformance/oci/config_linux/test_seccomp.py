"""config-linux.md, Seccomp: what happens to which system calls.

The calls that are tried are mkdirat(2), by the probe's verb `mkdir`, and getpriority(2), by number.
"""

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit
from strategies.edits import capabilities, do, no_new_privileges, rule, seccomp

MKDIR = ["mkdir", "mkdirat"]
MAKE = do("mkdir", "/tmp/made")


@musts("seccomp.action.errno", "seccomp.syscalls", "seccomp", "seccomp.action.allow")
@proved_by("seccomp-dropped")
def test_a_rule_makes_a_call_fail(run: Run) -> None:
    """A call that a rule names fails; another one, and the same one without the rule, does not."""
    filtered = run(seccomp("ALLOW", rule(MKDIR, "ERRNO")), MAKE, do("rmdir", "/tmp"))
    assert filtered.action("mkdir").errno == "EPERM"
    assert run(seccomp("ALLOW", rule(["chroot"], "ERRNO")), MAKE).action("mkdir").errno is None


@musts("seccomp.syscalls")
@proved_by("seccomp-first-rule-only", "seccomp-first-name-only", "seccomp-last-rule-dropped")
def test_every_rule_counts(run: Run) -> None:
    """Each rule of the list holds, the last one as the first, and each name of a rule."""
    rules = (rule(["chroot", "unlinkat"], "ERRNO"), rule(MKDIR, "ERRNO"))
    inside = run(seccomp("ALLOW", *rules), MAKE, do("chroot", "/"), do("unlink", "/none"), capabilities("SYS_CHROOT"))
    assert [inside.action(verb).errno for verb in ("mkdir", "chroot", "unlink")] == ["EPERM"] * 3


@musts("seccomp.errno")
@proved_by("seccomp-dropped", "seccomp-errno-ignored")
def test_the_call_fails_with_the_configured_errno(run: Run) -> None:
    """A call that is denied fails with the errno of its rule, also after a container whose rule had another one."""
    filters = [seccomp("ALLOW", rule(MKDIR, "ERRNO", errno_ret=number)) for number in (1, 17, 38, 1000)]
    assert [run(each, MAKE).action("mkdir").errno for each in filters] == ["EPERM", "EEXIST", "ENOSYS", "E1000"]


@musts("seccomp.errno.default")
@proved_by("seccomp-errno-default-wrong")
def test_without_a_number_the_errno_is_eperm(run: Run) -> None:
    """A rule without a number denies with EPERM."""
    assert run(seccomp("ALLOW", rule(MKDIR, "ERRNO")), MAKE).action("mkdir").errno == "EPERM"


@musts("seccomp.action.kill-process", "seccomp.action.kill", "seccomp.action.kill-thread", needs="seccomp.kill_process")
@proved_by("seccomp-action-errno")
@pytest.mark.parametrize("action", ["KILL", "KILL_PROCESS", "KILL_THREAD"])
def test_a_call_can_be_deadly(run: Run, action: str) -> None:
    """A call that is to kill ends the single-threaded program with SIGSYS."""
    assert run(seccomp("ALLOW", rule(MKDIR, action)), MAKE).killed_by == "SIGSYS"
    assert run(seccomp("ALLOW", rule(["chroot"], action)), MAKE).exit_status == 0


@musts("seccomp.action.trap", needs="seccomp.trap")
@proved_by("seccomp-dropped")
def test_a_call_can_be_trapped(run: Run) -> None:
    """A call that is to be trapped raises SIGSYS, which the program can catch; uncaught it ends the program."""
    assert run(seccomp("ALLOW", rule(MKDIR, "TRAP")), MAKE).killed_by == "SIGSYS"
    caught = run(seccomp("ALLOW", rule(MKDIR, "TRAP")), do("trap", "SYS"), MAKE)
    assert caught.killed_by is None
    assert '"signal":"SYS"' in caught.program.output


@musts("seccomp.action.trace", needs="seccomp.trace")
@proved_by("seccomp-dropped")
def test_a_traced_call_fails_without_a_tracer(run: Run) -> None:
    """A call that is to be traced fails with ENOSYS when nobody traces."""
    assert run(seccomp("ALLOW", rule(MKDIR, "TRACE")), MAKE).action("mkdir").errno == "ENOSYS"


@musts("seccomp.action.log", needs="seccomp.log")
@proved_by("seccomp-log-as-errno")
def test_a_logged_call_goes_through(run: Run) -> None:
    """A call that is to be logged goes through."""
    inside = run(seccomp("ALLOW", rule(MKDIR, "LOG")), MAKE)
    assert inside.action("mkdir").errno is None
    assert inside.seccomp.mode == 2


@musts("seccomp.action.allow", "seccomp.default-action")
@proved_by("seccomp-dropped", "seccomp-default-allow")
def test_the_default_action_meets_the_rest(run: Run) -> None:
    """Calls that no rule names meet the default action, those that a rule allows do not."""
    allowed = [name for name in COMMON if name not in MKDIR]
    denied = run(seccomp("ERRNO", rule(allowed, "ALLOW")), MAKE)
    assert denied.action("mkdir").errno == "EPERM"
    assert run(seccomp("ERRNO", rule([*allowed, *MKDIR], "ALLOW")), MAKE).action("mkdir").errno is None


@musts("seccomp.default-errno")
@proved_by("seccomp-default-errno-ignored")
def test_the_default_errno_is_the_configured_one(run: Run) -> None:
    """The default action fails calls with the default errno."""
    allowed = [name for name in COMMON if name not in MKDIR]
    filtered = run(seccomp("ERRNO", rule(allowed, "ALLOW"), default_errno_ret=38), MAKE)
    assert filtered.action("mkdir").errno == "ENOSYS"


@musts("seccomp.optional")
@proved_by("seccomp-always")
def test_without_seccomp_there_is_no_filter(run: Run) -> None:
    """A config without seccomp gives the program no filter."""
    assert run().seccomp.mode == 0


@musts("seccomp")
@pytest.mark.parametrize(
    "bound",
    [
        pytest.param(True, id="nnp", marks=proved_by("seccomp-dropped")),
        pytest.param(False, id="free", marks=proved_by("seccomp-needs-no-new-privileges")),
    ],
)
def test_the_filter_does_not_depend_on_no_new_privileges(run: Run, bound: bool) -> None:
    """The filter is there with and without noNewPrivileges, and does not turn it on."""
    inside = run(seccomp("ALLOW", rule(MKDIR, "ERRNO")), no_new_privileges(bound), MAKE)
    assert inside.action("mkdir").errno == "EPERM"
    assert inside.no_new_privs is bound


@musts("seccomp", needs="command.exec")
@pytest.mark.parametrize("bound", [True, False], ids=["nnp", "free"])
@proved_by("exec-seccomp-dropped")
def test_the_filter_holds_for_every_process(bring: Bring, bound: bool) -> None:
    """A further process in the container meets the same filter as the first."""
    made = bring("running", seccomp("ALLOW", rule(MKDIR, "ERRNO")), no_new_privileges(bound))
    seen = made.exec("/probe", "report", "mkdir", "/tmp/made", "rmdir", "/none")
    assert (seen.action("mkdir").errno, seen.action("rmdir").errno) == ("EPERM", "ENOENT")
    assert seen.inside.seccomp.mode == 2


@musts("seccomp.errno.unsupported", "seccomp.errno")
@proved_by("seccomp-errno-unchecked")
def test_an_errno_for_an_action_that_has_none_is_refused(container: MakeContainer) -> None:
    """An errno in a rule whose action has none is an error."""
    made = container(seccomp("ALLOW", rule(MKDIR, "KILL", errno_ret=1)))
    with refused(made):
        made.create()


@musts("valid-values.invalid", "seccomp.names")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            seccomp("ALLOW", rule(MKDIR, "SCMP_ACT_SHRUG")),
            marks=proved_by("seccomp-unknown-action-accepted"),
            id="action",
        ),
        pytest.param(
            seccomp("ALLOW", rule(MKDIR, "ERRNO"), architectures=["SCMP_ARCH_PDP11"]),
            marks=[musts("seccomp.architectures"), proved_by("seccomp-architectures-ignored")],
            id="architecture",
        ),
        pytest.param(
            seccomp("ALLOW", rule(MKDIR, "ERRNO"), flags=["SECCOMP_FILTER_FLAG_SHRUG"]),
            marks=[musts("seccomp.flags"), proved_by("seccomp-flags-ignored")],
            id="flag",
        ),
    ],
)
def test_an_unknown_name_is_refused(container: MakeContainer, change: Edit) -> None:
    """An action, an architecture or a flag that does not exist is an error."""
    made = container(change)
    with refused(made):
        made.create()


#: What a program and the runtime that starts it may need; names that an architecture lacks are passed over.
COMMON = [
    "accept",
    "accept4",
    "access",
    "adjtimex",
    "alarm",
    "arch_prctl",
    "bind",
    "brk",
    "capget",
    "capset",
    "chdir",
    "chmod",
    "chown",
    "chroot",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "clone",
    "clone3",
    "close",
    "close_range",
    "connect",
    "copy_file_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "faccessat",
    "faccessat2",
    "fallocate",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "fcntl",
    "fdatasync",
    "flock",
    "fork",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "futex",
    "getcpu",
    "getcwd",
    "getdents",
    "getdents64",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getpeername",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getrandom",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getrusage",
    "getsid",
    "getsockname",
    "getsockopt",
    "gettid",
    "gettimeofday",
    "getuid",
    "getxattr",
    "io_uring_setup",
    "ioctl",
    "ioprio_get",
    "kill",
    "lseek",
    "lstat",
    "madvise",
    "membarrier",
    "memfd_create",
    "mincore",
    "mkdir",
    "mkdirat",
    "mmap",
    "mount",
    "mprotect",
    "mremap",
    "munmap",
    "nanosleep",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pause",
    "personality",
    "pidfd_open",
    "pidfd_send_signal",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "prctl",
    "pread64",
    "preadv",
    "prlimit64",
    "pselect6",
    "pwrite64",
    "pwritev",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "recvfrom",
    "recvmsg",
    "rename",
    "renameat",
    "renameat2",
    "restart_syscall",
    "rmdir",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigqueueinfo",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sched_get_priority_max",
    "sched_getaffinity",
    "sched_getattr",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setaffinity",
    "sched_yield",
    "seccomp",
    "select",
    "sendmsg",
    "sendto",
    "set_robust_list",
    "set_tid_address",
    "setgid",
    "setgroups",
    "setitimer",
    "setpgid",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "setrlimit",
    "setsid",
    "setsockopt",
    "setuid",
    "sigaltstack",
    "socket",
    "socketpair",
    "splice",
    "stat",
    "statfs",
    "statx",
    "symlink",
    "symlinkat",
    "sync",
    "sysinfo",
    "tgkill",
    "time",
    "timer_create",
    "timer_delete",
    "timer_settime",
    "tkill",
    "umask",
    "uname",
    "unlink",
    "unlinkat",
    "unshare",
    "utimensat",
    "vfork",
    "wait4",
    "waitid",
    "write",
    "writev",
    "get_mempolicy",
]
