"""The session in which people first meet a runtime, step by step, as they type it.

The specification leaves the command line to runtimes; these are the commands that runc made common.
"""

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.console import Console
from conformance.harness.container import Container
from conformance.harness.scene import Scene
from conformance.plugin.fixtures import Bring, MakeContainer
from conformance.schema import errors_of
from strategies.edits import (
    annotation,
    args,
    do,
    hook,
    hostname,
    memory,
    namespace,
    pids,
    share_namespace,
    tag,
    terminal,
)


def listed(scene: Scene, name: str) -> dict[str, Any] | None:
    """The row of a container in `list`; None when it is not there."""
    rows = scene.accepted(scene.call("list", "--format", "json")).json() or []
    return next((row for row in rows if row["id"] == name), None)


def processes(container: Container) -> list[int]:
    """The processes that `ps` shows, as the host numbers them."""
    found: list[int] = container.call("ps", "--format", "json", container.id).json()
    return found


@musts("operations.supported", "create.args-not-run", needs=("command.list", "command.ps", "command.exec"))
@proved_by("list-forgets", "ps-empty")
def test_a_container_by_hand(container: MakeContainer, scene: Scene) -> None:
    """Create with a console, look, exec, start, pause, type, resume, exit, delete: each step shows what it should."""
    made = container(terminal(), hostname("ship"), tag("aboard"), do("line"), tag("heard"), do("line"))
    with Console(made.bundle.folder / "console") as console:
        made.create("--console-socket", str(console.path))
        row = listed(scene, made.id)
        assert row is not None
        assert (row["status"], row["pid"], row["bundle"]) == ("created", made.pid, str(made.bundle.folder))
        assert processes(made) == [made.pid]
        assert "Hello, world!" in made.exec("/probe", "echo", "Hello, world!").output
        made.start()
        assert '"hostname":"ship"' in console.read_until("aboard")
        row = listed(scene, made.id)
        assert row is not None and row["status"] == "running"
        console.write("first\n")
        console.read_until("heard")
        console.write("second\n")
        made.wait()
        made.until_status("stopped")
        with refused(made):
            made.start()
        made.delete()
        assert listed(scene, made.id) is None


@musts("state.status.additional", needs=("runtime.host-kernel", "command.pause", "command.resume", "cgroup.freezer"))
@proved_by("pause-refuses-running", "resume-refuses-paused")
def test_a_paused_container_stands_still_and_goes_on(bring: Bring) -> None:
    """Nothing runs in a paused container; what was sent meanwhile arrives after resume."""
    container = bring("running", do("trap", "USR1"))
    container.pause()
    assert container.state().status == "paused"
    container.scene.trial.signal(container.pid, signal.SIGUSR1)
    assert '"signal"' not in container.printed()
    assert frozen(container)
    container.resume()
    assert '"signal":"USR1"' in container.wait().output


def frozen(container: Container) -> bool:
    """Whether the kernel says that the container's cgroup is frozen."""
    if container.scene.trial.is_unified:
        return "frozen 1" in (container.cgroup("") / "cgroup.events").read_text()
    return (container.cgroup("freezer") / "freezer.state").read_text().strip() == "FROZEN"


@musts("operations.supported", needs=("command.spec",))
@proved_by("spec-invalid")
@pytest.mark.parametrize("rootless", [False, True], ids=["root", "rootless"])
def test_spec_writes_a_valid_config(container: MakeContainer, rootless: bool) -> None:
    """The command spec writes a config.json that the specification's schema accepts."""
    made = container()
    made.prepare("rm config.json")
    flags = ["--rootless"] if rootless else []
    made.call("spec", *flags, "--bundle", str(made.bundle.folder))
    config = json.loads((made.bundle.folder / "config.json").read_text())
    assert errors_of(config, "config") == []
    kinds = {entry["type"] for entry in config["linux"]["namespaces"]}
    assert ("user" in kinds) is rootless


@musts("operations.supported", needs="command.run")
@proved_by("run-status-zero")
def test_run_prints_and_ends_with_the_status_of_the_program(container: MakeContainer) -> None:
    """The command run shows what the program prints, ends with its status and leaves no container."""
    for status in (0, 7):
        made = container(args("/probe", "echo", "Hello, world!", "exit", str(status)))
        done = made.ask("run", "--bundle", str(made.bundle.folder), made.id)
        assert (done.exit_status, done.stdout) == (status, "Hello, world!\n")
        with refused(made):
            made.state()


@musts("operations.supported", needs=("command.events", "cgroup.memory", "cgroup.pids"))
@proved_by("events-empty")
def test_events_tell_what_is_used(bring: Bring) -> None:
    """The command events tells memory and pids of the container as JSON, with their limits."""
    container = bring("running", memory(limit="64M"), pids(200))
    event = container.call("events", "--stats", container.id).json()
    assert (event["type"], event["id"]) == ("stats", container.id)
    used = event.get("data", {})
    assert used.get("pids") == {"current": 1, "limit": 200}
    usage = used.get("memory", {}).get("usage", {})
    assert usage.get("limit") == 64 << 20
    assert usage.get("usage", 0) > 0


@musts("resources", needs=("command.update", "cgroup.pids"))
@proved_by("update-does-nothing")
def test_update_changes_a_limit(bring: Bring) -> None:
    """The command update changes a limit of a running container."""
    container = bring("running", pids(60))
    container.call("update", "--pids-limit", "30", container.id)
    refusal = container.exec("/probe", "fork", "60").action("fork")
    assert (refusal.result, refusal.errno) == (28, "EAGAIN")


@musts("namespaces.inherited", needs=("runtime.host-kernel", "command.run"))
@proved_by("namespace-pid-not-created", "namespace-pid-always-created")
def test_without_a_pid_namespace_the_processes_of_the_host_are_seen(bring: Bring) -> None:
    """Without a PID namespace the program sees the processes outside; with one it sees only its own."""
    apart = bring("running", do("list", "/proc")).observed().action("list")
    assert "1" in apart.names and len([name for name in apart.names if name.isdigit()]) == 1
    shared = bring("running", share_namespace("pid"), do("list", "/proc"))
    seen = shared.observed().action("list")
    assert str(shared.pid) in seen.names and "1" in seen.names
    assert shared.observed().inside.pid == shared.pid


NETWORK = """#!/bin/sh
set -e
pid=$(sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p')
ip link add ship type bridge
ip link add pier type veth peer name berth
ip link set berth netns "$pid"
ip link set pier master ship
"""


@musts("hooks.create-runtime.invoked", needs=("runtime.host-kernel", "program.ip", "namespace.network"))
@proved_by("hooks-createRuntime-dropped")
def test_a_hook_sets_up_the_network(container: MakeContainer) -> None:
    """A hook in the runtime's namespaces gives the container one end of a pair of interfaces."""
    made = container(namespace("network"))
    script = made.bundle.folder / "network"
    script.write_text(NETWORK)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    made.reconfigure(hook("createRuntime", str(script), env=[f"PATH={os.environ['PATH']}"]))
    try:
        program = made.run()
    finally:
        made.prepare("ip link del ship || true; ip link del pier || true")
    assert "berth" in [interface.name for interface in program.inside.interfaces or []]


@musts("state.annotations", needs="command.list")
@proved_by("state-annotations-missing")
def test_annotations_come_back(bring: Bring) -> None:
    """Annotations of the config come back in the state of a running container."""
    container = bring("running", annotation("org.example.port", "Kiel"))
    assert container.state().annotations == {"org.example.port": "Kiel"}
    assert Path(container.state().bundle) == container.bundle.folder
