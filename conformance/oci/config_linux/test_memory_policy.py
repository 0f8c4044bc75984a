"""config-linux.md, Memory policy: from which nodes the program gets its memory."""

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import memory_policy, put

pytestmark = musts("memory-policy", needs="numa")
#: The modes with nodes that every machine has, and what the kernel then says; see set_mempolicy(2).
MODES = {
    "DEFAULT": (None, []),
    "BIND": ("0", [0]),
    "INTERLEAVE": ("0-0", [0]),
    "PREFERRED": ("0", [0]),
    "LOCAL": (None, []),
    "PREFERRED_MANY": ("0", [0]),
    "WEIGHTED_INTERLEAVE": ("0,0", [0]),
}
SINCE = {"PREFERRED_MANY": "kernel.5.15", "WEIGHTED_INTERLEAVE": "kernel.6.9", "LOCAL": "kernel.3.8"}


def bound(mode: str) -> list[pytest.MarkDecorator]:
    """The requirement of a mode, the kernel that knows it, and the fault with which it is missed."""
    requirement = musts(f"memory-policy.mode.{mode.lower().replace('_', '-')}", needs=SINCE.get(mode, ()))
    return [requirement, proved_by(f"memory-policy-{'default-refused' if mode == 'DEFAULT' else 'dropped'}")]


@pytest.mark.parametrize("mode", [pytest.param(mode, marks=bound(mode), id=mode.lower()) for mode in MODES])
@musts("memory-policy.mode", "memory-policy.nodes", "memory-policy.nodes.format")
def test_the_program_has_the_policy(run: Run, mode: str) -> None:
    """The program has the mode and the nodes that the config names."""
    nodes, expected = MODES[mode]
    policy = run(memory_policy(mode, nodes=nodes)).memory_policy
    assert policy is not None
    assert (policy.mode, list(policy.nodes)) == (f"MPOL_{mode}", expected)


@pytest.mark.parametrize(
    ("mode", "flag"),
    [
        pytest.param("BIND", "STATIC_NODES", marks=musts("memory-policy.flags.static-nodes")),
        pytest.param("INTERLEAVE", "RELATIVE_NODES", marks=musts("memory-policy.flags.relative-nodes")),
        pytest.param("BIND", "NUMA_BALANCING", marks=musts("memory-policy.flags.numa-balancing", needs="kernel.5.12")),
    ],
    ids=["static", "relative", "balancing"],
)
@musts("memory-policy.flags")
@proved_by("memory-policy-dropped", "memory-policy-flags-dropped")
def test_the_policy_has_its_flags(run: Run, mode: str, flag: str) -> None:
    """The policy has the flags that the config names, and none without them."""
    with_flag, without = (run(memory_policy(mode, nodes="0", flags=flags)).memory_policy for flags in ([flag], []))
    assert with_flag is not None and without is not None
    assert (list(with_flag.flags), list(without.flags)) == ([f"MPOL_F_{flag}"], [])


@musts("memory-policy", needs="command.exec")
@proved_by("memory-policy-dropped")
def test_a_further_process_has_the_same_policy(bring: Bring) -> None:
    """A process that is executed in the container has its policy."""
    policy = bring("running", memory_policy("BIND", nodes="0")).exec().inside.memory_policy
    assert policy is not None and policy.mode == "MPOL_BIND"


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"mode": "MPOL_BOGUS"}, id="mode"),
        pytest.param({"nodes": "0"}, id="no-mode"),
        pytest.param({"mode": "MPOL_BIND"}, id="no-nodes"),
        pytest.param({"mode": "MPOL_BIND", "nodes": "sea"}, id="nodes"),
        pytest.param({"mode": "MPOL_BIND", "nodes": "1023"}, id="missing-node"),
        pytest.param({"mode": "MPOL_DEFAULT", "nodes": "0"}, id="needless-nodes"),
        pytest.param({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_BOGUS"]}, id="flag"),
    ],
)
@musts("memory-policy.mode.required", "memory-policy.nodes.format")
@proved_by("memory-policy-failures-ignored")
def test_a_policy_that_can_not_be_set_is_refused(container: MakeContainer, policy: object) -> None:
    """A policy with an unknown mode or flag, or with nodes that do not fit, is an error; a sound one is none."""
    container(memory_policy("BIND", nodes="0")).create()
    made = container(put("linux.memoryPolicy", policy))
    with refused(made):
        made.create()
