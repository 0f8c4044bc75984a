"""config-linux.md, Seccomp and The Container Process State: calls that an agent outside decides about."""

from collections.abc import Iterator

import pytest

from conformance import musts, proved_by
from conformance.harness.refusal import never_runs
from conformance.harness.scene import Scene
from conformance.harness.seccomp_agent import SeccompAgent
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edit import Edit
from strategies.edits import annotation, do, rule, seccomp

pytestmark = musts("seccomp.action.notify", needs="seccomp.user_notif")

MKDIR = ["mkdir", "mkdirat"]
MAKE = do("mkdir", "/tmp/made")


@pytest.fixture
def agent(scene: Scene) -> Iterator[SeccompAgent]:
    """An agent that refuses with ENODATA."""
    with SeccompAgent(scene.trial.folder / "agent.sock") as listening:
        yield listening


def asks(agent: SeccompAgent, metadata: str | None = None, action: str = "NOTIFY") -> Edit:
    """A filter that leaves the making of folders to the agent."""
    path = str(agent.path)
    return seccomp("ALLOW", rule(MKDIR, action), listener_path=path, listener_metadata=metadata)


@musts("seccomp.listener-path", "seccomp.listener-path.seccomp-fd")
@proved_by("seccomp-notify-as-allow")
def test_the_agent_decides_about_the_call(run: Run, agent: SeccompAgent) -> None:
    """A call that notifies has the result that the agent gives it: its errno, or what the kernel does."""
    assert run(asks(agent), MAKE).action("mkdir").errno == "ENODATA"
    agent.answer = 0
    assert run(asks(agent), MAKE).action("mkdir").errno is None


@musts("process-state.sent", "process-state.pid", "process-state.state", "process-state.oci-version")
@proved_by("seccomp-state-empty", "seccomp-state-pid-wrong")
def test_the_agent_is_told_which_container_it_is(container: MakeContainer, agent: SeccompAgent) -> None:
    """The payload is JSON, and holds the version, the pid of the process, and the container's state."""
    made = container(asks(agent), annotation("org.example.key", "value"), do("wait"))
    made.create()
    made.start()
    made.until_waiting()
    state, told = made.state(), agent.only.state
    inner = told.get("state", {})
    assert (told.get("pid"), inner.get("pid")) == (state.pid, state.pid)
    assert (inner.get("id"), inner.get("bundle")) == (made.id, str(made.bundle.folder))
    assert inner.get("annotations", {}).get("org.example.key") == "value"
    assert told.get("ociVersion")
    assert inner.get("ociVersion")


@musts("seccomp.listener-path.once", "seccomp.listener-path.closed")
@proved_by("seccomp-state-twice")
def test_a_connection_carries_one_state_and_ends(run: Run, agent: SeccompAgent) -> None:
    """Each container has a connection of its own; one state comes over it, then it is closed."""
    for count in (1, 2):
        run(asks(agent), MAKE)
        assert [isinstance(each.state, dict) for each in agent.connections] == [True] * count
        assert [each.closed for each in agent.connections] == [True] * count


@musts("seccomp.listener-path.descriptors", "process-state.fds", "process-state.fds.order")
@musts("process-state.descriptors-first")
@proved_by("seccomp-descriptor-unnamed")
def test_the_descriptor_is_named_and_comes_first(run: Run, agent: SeccompAgent) -> None:
    """The names in `fds` stand for the descriptors that came with the first bytes, one of them `seccompFd`."""
    run(asks(agent), MAKE)
    connection = agent.only
    names = connection.state.get("fds", [])
    assert len(names) == len(connection.descriptors)
    assert names.count("seccompFd") == 1
    assert connection.late_descriptors == 0


@musts("seccomp.listener-metadata", "seccomp.listener-metadata.sent", "process-state.metadata")
@proved_by("seccomp-metadata-dropped")
def test_the_agent_is_told_the_metadata(run: Run, agent: SeccompAgent) -> None:
    """The metadata of the config comes as it is, and none comes where there is none."""
    text = 'MKNOD=/dev/null,"\\é\n'
    run(asks(agent, text), MAKE)
    run(asks(agent), MAKE)
    with_text, without = (each.state for each in agent.connections)
    assert with_text.get("metadata") == text
    assert not without.get("metadata")


@musts("seccomp.listener-path.failure")
@proved_by("seccomp-listener-failure-ignored")
def test_without_an_agent_it_is_an_error(scene: Scene, container: MakeContainer, agent: SeccompAgent) -> None:
    """When nobody listens at the path the container does not come to run; with an agent it does."""
    never_runs(container(seccomp("ALLOW", rule(MKDIR, "NOTIFY"), listener_path=f"{scene.trial.folder}/nobody.sock")))
    assert container(asks(agent), MAKE).run().exit_status == 0


@musts("seccomp.listener-path.ignored")
@proved_by("seccomp-listener-always")
def test_without_a_notifying_rule_the_path_means_nothing(run: Run, agent: SeccompAgent) -> None:
    """A filter that does not notify needs no agent, and tells none."""
    dead = str(agent.path.with_name("nobody.sock"))
    assert run(seccomp("ALLOW", rule(MKDIR, "ERRNO"), listener_path=dead), MAKE).action("mkdir").errno == "EPERM"
    assert run(asks(agent, action="ERRNO"), MAKE).action("mkdir").errno == "EPERM"
    assert agent.connections == []
