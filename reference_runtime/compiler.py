"""From a configuration to a plan: every step of a creation, in phases that name who executes them where.

Making a plan changes nothing.  It needs no privileges, except that a host can be asked what it has.
"""

from __future__ import annotations

from reference_runtime import faults
from reference_runtime.errors import RuntimeFault
from reference_runtime.link import explain
from reference_runtime.ops import (
    cgroup_mounts,
    default_filesystems,
    devices,
    kernel,
    labels,
    mounts,
    namespaces,
    net_devices,
    process,
    rootfs,
)
from reference_runtime.plan import Call, Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_runtime.plan import Op
    from reference_runtime.run import Run

    Plan = dict[str, list[Op]]

#: The phases in the order of their execution, and what is true while they are.
PHASES = {
    "outside": "by the child, in the runtime's namespaces",
    "namespaces": "by the child, which leaves them",
    "network": "by the runtime, once the container process is there",
    "inside": "by the container process, in its namespaces, seeing the host's files",
    "limits": "by the runtime, on the container's control groups",
    "hooks": "hooks of create",
    "root": "by the container process, entering its root",
    "process": "by the container process, once started",
}


def compile_plan(run: Run) -> Plan:
    """The whole plan of a container.  SpecError and RuntimeFault say what can not be planned."""
    if "intelRdt" in run.linux:
        raise RuntimeFault("linux.intelRdt: this runtime manages no resctrl")
    plan: Plan = {
        "outside": list(_outside(run)),
        "namespaces": list(namespaces.plan(run)),
        "network": list(net_devices.plan(run)),
        "inside": list(_inside(run)),
        "limits": list(_limits(run)),
        "hooks": list(_hooks(run)),
        "root": [*rootfs.plan_enter(run), *process.plan_inside(run)],
        "process": list(_process(run)),
    }
    for bug in faults.active.values():
        if bug.plan:
            bug.plan(plan)
    return plan


def _outside(run: Run) -> Iterator[Op]:
    yield from process.plan_outside(run)
    yield from rootfs.plan_source(run)
    yield from mounts.plan_sources(run)
    yield from cgroup_mounts.plan_sources(run)
    yield from devices.plan_sources(run)


def _inside(run: Run) -> Iterator[Op]:
    yield from rootfs.plan_mount(run)
    yield from default_filesystems.plan_first(run)
    yield from mounts.plan(run)
    yield from default_filesystems.plan_in_dev(run)
    yield from devices.plan(run)
    yield from labels.plan_open(run)
    yield from kernel.plan(run)
    if run.process.get("terminal"):
        yield Call("terminal", "", "open a terminal and hand its master over", _with_terminal, "open_pair", run)
        yield Call("console", "/dev/console", "bind the terminal to /dev/console", _with_terminal, "bind_console", run)
    yield from mounts.plan_late(run)


def _with_terminal(function: str, run: Run) -> None:
    from reference_runtime import terminal  # noqa: PLC0415  # few containers have one

    getattr(terminal, function)(run)


def _limits(run: Run) -> Iterator[Op]:
    if run.cgroup is None:
        return
    resources = run.linux.get("resources", {})
    yield from run.cgroup.operations(resources)
    yield from run.cgroup.device_operations(resources)


def _hooks(run: Run) -> Iterator[Op]:
    """Told here, executed where the lifecycle has them."""
    for kind in ("prestart", "createRuntime", "createContainer"):
        for hook in run.config.get("hooks", {}).get(kind, ()):
            yield Note(kind, hook["path"], f"run the {kind} hook {hook['path']}")


def _process(run: Run) -> Iterator[Op]:
    if run.process:
        yield from labels.plan_apply(run)
        yield from process.plan_last(run)


def execute(ops: list[Op]) -> None:
    """Executes the steps of one phase in order."""
    for op in ops:
        try:
            op.execute()
        except OSError as problem:
            raise RuntimeFault(f"can not {op.describe()}: {explain(problem)}") from None


def describe(plan: Plan) -> Iterator[str]:
    """The lines of ``--plan``."""
    for phase, where in PHASES.items():
        if plan[phase]:
            yield f"{phase} ({where}):"
            yield from (f"  {op.describe()}" for op in plan[phase])
