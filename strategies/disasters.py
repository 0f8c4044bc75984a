"""Disasters: what a host does to a runtime in the middle of an operation, as a Hypothesis strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Facts at which the runtime is struck, for each operation; ``hook NAME`` is done by a hook of the container itself.
FACTS = {
    "create": (
        "state",
        "cgroup",
        "hook prestart",
        "hook createRuntime",
        "hook createContainer",
        "pid file",
    ),
    "start": ("hook poststart", "program"),
    "delete": ("hook poststop", "cgroup gone"),
    "delete --force": ("cgroup gone", "hook poststop"),
}
#: In microseconds: what runtimes need for an operation, and a bit more.
LONGEST_DELAY = 150_000


class Disaster(NamedTuple):
    """What happens: ``kind`` is one of those of ``describe``; ``moment`` is a fact, or "" for after ``amount`` µs."""

    kind: str
    operation: str
    moment: str = ""
    amount: int = 0

    def describe(self) -> str:
        """It in words, without what differs from run to run."""
        moment = f"at {self.moment}" if self.moment else "after a while"
        return {
            "killed": f"{self.operation} killed {moment}",
            "held": f"{self.operation} stopped and continued {moment}",
            "full": f"{self.operation} with a full state folder",
            "inodes": f"{self.operation} with a state folder that takes no more files",
            "read-only": f"{self.operation} with a read-only state folder",
            "descriptors": f"{self.operation} with too few descriptors",
        }[self.kind]


_AT_A_FACT = tuple(Disaster("killed", operation, fact) for operation, facts in FACTS.items() for fact in facts)
_HELD = tuple(each._replace(kind="held") for each in _AT_A_FACT if not each.moment.startswith("hook"))
#: Those that can be repeated exactly: at facts, and for each operation some degrees of want.
TABLE = (
    *_AT_A_FACT,
    *(
        Disaster(kind, operation, amount=amount)
        for kind, amounts in (("inodes", (0, 1, 2, 4, 6)), ("full", (0, 1, 3)), ("descriptors", (3, 5, 8, 11)))
        for operation in FACTS
        for amount in amounts
    ),
    *(Disaster("read-only", operation) for operation in FACTS),
    *_HELD,
)
#: What a trial lets happen that has little time.
SMOKE = (
    Disaster("killed", "create", "hook createRuntime"),
    Disaster("inodes", "create", amount=2),
    Disaster("held", "delete --force", "cgroup gone"),
)


def disasters() -> SearchStrategy[Disaster]:
    """Disasters; those at a fact come before those after a drawn time, which are harder to repeat."""
    operations = st.sampled_from(tuple(FACTS))
    delays = st.integers(0, LONGEST_DELAY)
    return st.one_of(
        st.sampled_from(_AT_A_FACT),
        st.builds(Disaster, st.just("killed"), operations, st.just(""), delays),
        st.builds(Disaster, st.just("descriptors"), operations, st.just(""), st.integers(3, 40)),
        st.builds(Disaster, st.just("inodes"), operations, st.just(""), st.integers(0, 12)),
        st.builds(Disaster, st.just("full"), operations, st.just(""), st.integers(0, 8)),
        st.sampled_from(_HELD),
        st.builds(Disaster, st.just("held"), operations, st.just(""), delays),
    )
