"""A plan is made without privileges, says what will be done, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from reference_runtime.compiler import PHASES, compile_plan, describe
from reference_runtime.plan import Op
from reference_runtime.run import Run, Settings
from strategies.config import base_config

if TYPE_CHECKING:
    from reference_runtime.compiler import Plan


class NoCgroup:
    """Stands in for the container's control groups."""

    version = 1
    paths: ClassVar[dict[str, str]] = {}

    def operations(self, _: dict[str, Any]) -> list[Op]:
        return []

    def device_operations(self, _: dict[str, Any]) -> list[Op]:
        return []


def plan_of(config: dict[str, Any]) -> Plan:
    run = Run("x", config, Settings("/bundle"))
    run.rootfs = "/bundle/rootfs"
    run.cgroup = NoCgroup()
    return compile_plan(run)


def steps(plan: Plan, phase: str) -> list[str]:
    return [f"{op.kind} {op.subject}".strip() for op in plan[phase]]


def test_every_phase_is_told() -> None:
    config = base_config()
    config["hooks"] = {"prestart": [{"path": "/bin/true"}]}
    plan = plan_of(config)
    text = list(describe(plan))
    assert [line.split()[0] for line in text if line.endswith(":")] == [phase for phase in PHASES if plan[phase]]
    assert "  run the prestart hook /bin/true" in text


def test_each_step_says_what_it_does_in_one_line() -> None:
    for ops in plan_of(base_config()).values():
        for op in ops:
            assert op.describe() and "\n" not in op.describe() and not op.describe().endswith(".")


def test_mounts_are_made_in_the_listed_order() -> None:
    config = base_config()
    config["mounts"] = [
        {"destination": "/b", "type": "tmpfs"},
        {"destination": "/a", "source": "/srv", "options": ["bind"]},
        {"destination": "/b/c", "type": "tmpfs"},
    ]
    plan = plan_of(config)
    assert [step for step in steps(plan, "inside") if step.startswith("mount ")] == [
        "mount /b",
        "mount /a",
        "mount /b/c",
    ]
    assert "mount-source /a" in steps(plan, "outside")


def test_the_program_comes_last_and_rights_go_in_order() -> None:
    config = base_config()
    config["process"]["noNewPrivileges"] = True
    config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 5}]
    config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}
    kinds = [op.kind for op in plan_of(config)["process"]]
    assert kinds[-3:] == ["announce", "seccomp", "execute"]
    wanted = ["rlimit", "groups", "gid", "uid", "no-new-privs", "announce"]
    assert [kind for kind in kinds if kind in wanted] == wanted


def test_joins_come_before_new_namespaces() -> None:
    config = base_config()
    config["linux"]["namespaces"] = [
        {"type": "mount"},
        {"type": "user", "path": "/proc/1/ns/user"},
        {"type": "network", "path": "/proc/1/ns/net"},
    ]
    assert steps(plan_of(config), "namespaces") == ["namespace network", "namespace user", "namespace mount"]


def test_without_a_process_there_is_nothing_to_start() -> None:
    config = base_config()
    del config["process"]
    assert not plan_of(config)["process"]


@pytest.mark.parametrize("kind", ["network", "time"])
def test_only_configured_namespaces_are_created(kind: str) -> None:
    config = base_config()
    assert f"namespace {kind}" not in steps(plan_of(config), "namespaces")
    config["linux"]["namespaces"].append({"type": kind})
    assert f"namespace {kind}" in steps(plan_of(config), "namespaces")
