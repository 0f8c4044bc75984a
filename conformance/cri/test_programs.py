"""What the program of a container is given: command, arguments, environment, folder, terminal, standard input."""

from __future__ import annotations

from conformance import musts, proved_by
from conformance.harness.cri.objects import EXITED, Sandbox
from conformance.harness.cri.scene import CriScene, spec
from strategies.edits import do

#: The number of this signal in the API: its name there has changed.
SIGUSR2 = 30


@proved_by("cri-command-ignored")
@musts("cri.container.command", "cri.image.config")
def test_the_command_replaces_the_entrypoint(cri: CriScene, pod: Sandbox) -> None:
    """A container's command replaces the entrypoint of the image, and its command with it."""
    image = spec(cri.image("entrypoint"))
    assert pod.run(image=image, command=None).args == ["/probe", "report", "tag", "cmd"]
    assert pod.run(image=image, command=["/probe", "report"]).args == ["/probe", "report"]


@proved_by("cri-args-ignored")
@musts("cri.container.args", "cri.image.config")
def test_the_arguments_replace_the_command_of_the_image(cri: CriScene, pod: Sandbox) -> None:
    """A container's arguments replace the command of the image and follow its entrypoint."""
    image = spec(cri.image("entrypoint"))
    inside = pod.run(image=image, command=None, args=["tag", "args"])
    assert inside.args == ["/probe", "report", "tag", "args"]


@proved_by("cri-args-without-command")
@musts("cri.container.command", "cri.container.args")
def test_command_and_arguments_are_put_together(pod: Sandbox) -> None:
    """Command and arguments of a container are its whole command line."""
    inside = pod.run(command=["/probe", "report"], args=["tag", "a b", "tag", ""])
    assert inside.args == ["/probe", "report", "tag", "a b", "tag", ""]


@proved_by("cri-cmd-without-entrypoint-ignored")
@musts("cri.image.config")
def test_an_image_may_have_a_command_only(cri: CriScene, pod: Sandbox) -> None:
    """An image without an entrypoint runs its command."""
    assert pod.run(image=spec(cri.image("no-entrypoint")), command=None).args == ["/probe", "report"]


@proved_by("cri-env-dropped", "cri-image-env-dropped")
@musts("cri.container.envs", "cri.image.config")
def test_the_environment_is_the_images_and_the_configs(cri: CriScene, pod: Sandbox) -> None:
    """The program has the environment of the image, and that of the config over it."""
    crew = 'a=b c\n"d"'
    envs = [{"key": "TIDE", "value": "high"}, {"key": "CREW", "value": crew}, {"key": "NONE"}]
    inside = pod.run(image=spec(cri.image("env")), envs=envs)
    found = dict(entry.partition("=")[::2] for entry in inside.env)
    assert {name: found.get(name) for name in ("SEA", "TIDE", "CREW", "EMPTY", "NONE", "PATH")} == {
        "SEA": "deep",
        "TIDE": "high",
        "CREW": crew,
        "EMPTY": "",
        "NONE": "",
        "PATH": "/",
    }


@proved_by("cri-working-dir-ignored")
@musts("cri.container.working-dir", "cri.image.config")
def test_the_working_directory_is_the_configs_or_the_images(cri: CriScene, pod: Sandbox) -> None:
    """The program begins in the folder of the config, or else of the image, or else in the root."""
    image = spec(cri.image("workdir"))
    assert pod.run(image=image).cwd == "/srv"
    assert pod.run(image=image, working_dir="/tmp").cwd == "/tmp"
    assert pod.run().cwd == "/"


@proved_by("cri-working-dir-not-made")
@musts("cri.container.working-dir")
def test_a_working_directory_that_is_not_there_is_made(cri: CriScene, pod: Sandbox) -> None:
    """A working directory that the image lacks is made for the program."""
    assert pod.run(working_dir="/made/for/it").cwd == "/made/for/it"
    assert pod.run(image=spec(cri.image("workdir-absent"))).cwd == "/not/there"


@proved_by("cri-tty-ignored")
@musts("cri.container.tty")
def test_the_program_can_have_a_terminal(pod: Sandbox) -> None:
    """The program has a terminal for its output when the config says so, and none otherwise."""
    assert sorted(pod.run().tty or {}) == []
    inside = pod.run(tty=True)
    assert {"1", "2"} <= set(inside.tty or {})


@proved_by("cri-stdin-open")
@musts("cri.container.stdin")
def test_standard_input_is_empty_unless_asked_for(pod: Sandbox) -> None:
    """Without stdin in the config, the program finds the end of its standard input at once."""
    assert pod.run(do("stdin")).action("stdin").content == ""


@proved_by("cri-stop-signal-of-image-ignored")
@musts("cri.container.image-stop-signal")
def test_the_stop_signal_is_the_images(cri: CriScene, pod: Sandbox) -> None:
    """A container whose image names a stop signal gets that when it is stopped."""
    container = pod.running(do("trap", "USR1"), image=spec(cri.image("stop-signal")))
    container.stop(timeout=20)
    assert container.printed().endswith(b'{"signal":"USR1"}\n')


@proved_by("cri-stop-signal-ignored")
@musts("cri.container.stop-signal")
def test_the_stop_signal_is_the_configs(cri: CriScene, pod: Sandbox) -> None:
    """The stop signal of the config is sent instead of the image's."""
    container = pod.running(
        do("trap", "USR1"), do("trap", "USR2"), image=spec(cri.image("stop-signal")), stop_signal=SIGUSR2
    )
    container.stop(timeout=20)
    assert container.printed().endswith(b'{"signal":"USR2"}\n')
    assert container.state == EXITED


@proved_by("cri-stop-signal-ignored")
@musts("cri.container.status.stop-signal")
def test_the_status_tells_the_stop_signal(cri: CriScene, pod: Sandbox) -> None:
    """The status of a container has the stop signal of its config."""
    container = pod.container(image=spec(cri.image("stop-signal")), stop_signal=SIGUSR2)
    assert container.status().stop_signal == SIGUSR2
