"""Edits of what the program is started with on Linux alone (config.md, Linux Process)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.edit import Config, edit
from strategies.places import all_prefixed, entries, fill, prefixed, section

if TYPE_CHECKING:
    from collections.abc import Sequence


@edit
def capabilities(config: Config, *names: str, sets: Sequence[str] = ("bounding", "effective", "permitted")) -> None:
    """Capabilities, such as "CHOWN", to have in each of ``sets`` besides those already there; none makes the sets."""
    for which in sets:
        held = entries(config, "process", "capabilities", which)
        held.extend(name for name in all_prefixed("CAP_", names) or () if name not in held)


@edit
def no_new_privileges(config: Config, no_new_privileges: bool = True) -> None:
    """Whether the program is kept from gaining privileges."""
    section(config, "process")["noNewPrivileges"] = no_new_privileges


@edit
def oom_score_adj(config: Config, score: int) -> None:
    """The adjustment of the score by which the kernel chooses whom to kill, -1000 to 1000, see proc(5)."""
    section(config, "process")["oomScoreAdj"] = score


@edit
def apparmor_profile(config: Config, name: str) -> None:
    """The AppArmor profile of the program."""
    section(config, "process")["apparmorProfile"] = name


@edit
def selinux_label(config: Config, label: str) -> None:
    """The SELinux label of the program."""
    section(config, "process")["selinuxLabel"] = label


@edit
def scheduler(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    policy: str,
    *,
    nice: int | None = None,
    priority: int | None = None,
    flags: Sequence[str] | None = None,
    runtime: int | None = None,
    deadline: int | None = None,
    period: int | None = None,
) -> None:
    """The scheduling policy, such as "BATCH", and its parameters; times are nanoseconds, see sched_setattr(2)."""
    chosen = {"policy": prefixed("SCHED_", policy), "nice": nice, "priority": priority}
    times = {"runtime": runtime, "deadline": deadline, "period": period}
    fill(section(config, "process", "scheduler"), **chosen, flags=all_prefixed("SCHED_FLAG_", flags), **times)


@edit
def io_priority(config: Config, kind: str, priority: int) -> None:
    """The class, "RT", "BE" or "IDLE", and level, 0 to 7, of input and output, see ioprio_set(2)."""
    section(config, "process")["ioPriority"] = {"class": prefixed("IOPRIO_CLASS_", kind), "priority": priority}


@edit
def exec_cpu_affinity(config: Config, *, initial: str | None = None, final: str | None = None) -> None:
    """The processors of programs that ``exec`` starts, before and after they enter the cgroup, such as "0-3,7"."""
    fill(section(config, "process", "execCPUAffinity"), initial=initial, final=final)
