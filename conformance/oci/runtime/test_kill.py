"""runtime.md, Kill: the signal reaches the container's first process."""

import pytest

from conformance import musts, proved_by
from conformance.plugin.fixtures import Bring
from strategies.edits import do, ignore, trap


@musts("kill.signal")
@proved_by("kill-sends-kill", "kill-does-nothing")
@pytest.mark.parametrize("name", ["HUP", "INT", "USR1", "USR2", "TERM", "CONT", "WINCH"])
def test_the_given_signal_arrives(bring: Bring, name: str) -> None:
    """The very signal that kill was given arrives at the program, which waits for it and then ends."""
    container = bring("running", trap(name))
    container.kill(name)
    program = container.wait()
    assert f'"signal":"{name}"' in program.output
    assert program.exit_status == 0


@musts("kill.signal")
@proved_by("kill-sends-term", "kill-sends-kill")
@pytest.mark.parametrize("form", ["10", "SIGUSR1", "USR1"])
def test_a_signal_can_be_given_by_number_and_name(bring: Bring, form: str) -> None:
    """A signal is known by its number, its name and its short name."""
    container = bring("running", trap("USR1"))
    container.kill(form)
    assert '"signal":"USR1"' in container.wait().output


@musts("kill.signal")
@proved_by("kill-sends-kill")
def test_an_ignored_signal_does_not_end_the_container(bring: Bring) -> None:
    """A signal that the program ignores does not end it, and another one does: kill sends, it does not force."""
    container = bring("running", ignore("TERM"), trap("USR1"))
    container.kill("TERM")
    assert container.state().status == "running"
    container.kill("USR1")
    assert container.wait().exit_status == 0


@musts("kill.signal", needs="runtime.host-kernel")
@proved_by("kill-reaches-everyone")
def test_kill_reaches_the_first_process_only(bring: Bring) -> None:
    """Kill without further flags sends the signal to the first process of the container, not to its children."""
    container = bring("running", trap("USR1"), do("spawn"), do("wait"))
    trial = container.scene.trial
    (child,) = [pid for pid in trial.processes() if pid != container.pid]
    container.kill("USR1")
    container.until_printed('"signal":"USR1"')
    assert container.state().status == "running"
    assert trial.alive(child)
