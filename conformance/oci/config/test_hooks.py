"""config.md, POSIX-platform Hooks: which hooks run during which operation, how often, and in which order."""

import copy

import pytest

from conformance import musts, proved_by
from conformance.harness.hooked import CREATE, HOOKS, LOG, Hooked
from conformance.plugin.fixtures import MakeContainer
from strategies.edits import cgroups_path, drop, hook, pids, put, tag, to, wait, write

TWICE = ("1", "2", "3", "1")


def words(kind: str) -> list[str]:
    """What four hooks of a kind say, two of which are equal to the letter."""
    return [f"{kind} {number}" for number in TWICE]


@musts("hooks", "hooks.order", "hooks.prestart.order", "hooks.create-container.order")
@musts("hooks.prestart.invoked", "hooks.create-runtime.invoked", "hooks.create-container.invoked")
@musts("hooks.prestart.when", "hooks.create-runtime.when", "hooks.create-container.when")
@proved_by(
    "hooks-reversed",
    "hooks-first-only",
    "hooks-prestart-dropped",
    "hooks-createRuntime-dropped",
    "hooks-createContainer-dropped",
    "prestart-after-create-runtime",
)
def test_create_runs_its_hooks_in_order(container: MakeContainer) -> None:
    """Create runs prestart, createRuntime and createContainer hooks one after the other, as listed, and waits."""
    hooked = Hooked(container())
    for kind in reversed(CREATE):
        hooked.tag(kind, *words(kind), timeout=10)
    hooked.container.create()
    assert hooked.tags() == [word for kind in CREATE for word in words(kind)]


@musts("hooks.start-container.invoked", "hooks.start-container.when", "hooks.order", "start.after-hooks")
@proved_by("hooks-reversed", "hooks-first-only", "hooks-startContainer-dropped", "start-container-at-create")
def test_start_runs_start_container_hooks_before_the_program(container: MakeContainer) -> None:
    """Start, and not create, runs the startContainer hooks as listed, and then the program."""
    hooked = Hooked(container(to(LOG), tag("program")))
    hooked.tag("startContainer", *words("startContainer"), timeout=10)
    hooked.container.create()
    hooked.container.prepare("sleep 0.1")  # for hooks that run too early, but not before create is done
    assert hooked.tags() == []
    hooked.container.start()
    hooked.container.wait()
    assert hooked.tags() == [*words("startContainer"), "program"]


@musts("hooks.poststart.invoked", "hooks.order", "hooks.poststart.when")
@proved_by("hooks-reversed", "hooks-first-only", "hooks-poststart-dropped")
def test_poststart_hooks_have_run_when_start_returns(container: MakeContainer) -> None:
    """Before start returns, the poststart hooks have run as listed."""
    hooked = Hooked(container(wait()))
    hooked.tag("poststart", *words("poststart"), timeout=10)
    hooked.container.create()
    hooked.container.start()
    assert hooked.tags() == words("poststart")


@musts("hooks.poststart.when")
@proved_by("poststart-at-create")
def test_poststart_hooks_run_after_the_program_was_started(container: MakeContainer) -> None:
    """A poststart hook can wait for what the program does: the program was started before it."""
    hooked = Hooked(container(to(LOG), tag("program"), write("/run/ran", ""), wait()))
    ran = str(hooked.log.parent / "ran")
    hooked.add("poststart", "sleepuntil", ran, "tag", "poststart", timeout=2)
    hooked.container.create()
    assert hooked.tags() == []
    hooked.container.start()
    assert hooked.tags() == ["program", "poststart"]


@musts("hooks.poststart.when", "hooks.start-container.when")
@proved_by("poststart-at-create")
def test_poststart_hooks_run_after_the_start_container_hooks(container: MakeContainer) -> None:
    """The poststart hooks wait for the program, and so for the startContainer hooks, however long these take."""
    hooked = Hooked(container())
    hooked.add("startContainer", "burn", "150", "tag", "startContainer").add("poststart", "tag", "poststart")
    hooked.container.run()
    assert hooked.tags() == ["startContainer", "poststart"]


@musts("hooks.poststop.invoked", "hooks.poststop.when", "hooks.order")
@proved_by("hooks-reversed", "hooks-first-only", "hooks-poststop-dropped")
@pytest.mark.parametrize("forced", [False, True], ids=["stopped", "forced"])
def test_delete_runs_the_poststop_hooks(container: MakeContainer, forced: bool) -> None:
    """Delete, and not the end of the program, runs the poststop hooks as listed, before it returns."""
    hooked = Hooked(container(*[wait()] * forced))
    hooked.tag("poststop", *words("poststop"), timeout=10)
    hooked.container.create()
    hooked.container.start()
    if not forced:
        hooked.container.wait()
        hooked.container.until_status("stopped")
    assert hooked.tags() == []
    hooked.container.delete(*["--force"] * forced)
    assert hooked.tags() == words("poststop")


@musts("hooks.poststop.when", "lifecycle.destroy", needs="cgroup.pids")
@proved_by("poststop-before-delete")
def test_poststop_hooks_find_the_container_destroyed(container: MakeContainer) -> None:
    """When poststop hooks run, the cgroup of the container is gone; in its life it was there."""
    made = container(cgroups_path("/poststop"), pids(200), wait())
    hooked = Hooked(made)
    root = "/sys/fs/cgroup" if made.scene.trial.is_unified else "/sys/fs/cgroup/pids"
    hooked.add("createRuntime", "tag", "begun").add("poststop", "stat", f"{root}/poststop")
    made.create()
    assert (made.scene.trial.cgroup_folder("" if made.scene.trial.is_unified else "pids", "/poststop")).is_dir()
    made.kill("KILL")
    made.until_status("stopped")
    made.delete()
    assert hooked.program.action("stat").errno == "ENOENT"


@musts("hooks.poststop.when", "lifecycle.destroy")
@proved_by("poststop-before-delete")
def test_poststop_hooks_run_when_the_container_is_no_more(container: MakeContainer) -> None:
    """While a poststop hook is at work the container is deleted already: nobody knows it."""
    hooked = Hooked(container()).hold_delete()
    made = hooked.container
    made.create()
    made.start()
    made.wait()
    made.until_status("stopped")
    with hooked.during_delete():
        asked = made.ask("state", made.id)
    assert asked.exit_status != 0


@musts("hooks.prestart.when", "hooks.start-container.when", "hooks.poststart.when", "hooks.poststop.when")
@proved_by("hooks-poststart-dropped")
def test_other_operations_run_no_hooks(container: MakeContainer) -> None:
    """Neither state, exec nor kill run a hook; create, start and delete have run each once."""
    hooked = Hooked(container(wait()))
    for kind in HOOKS:
        hooked.tag(kind, kind)
    made = hooked.container
    made.create()
    made.start()
    made.until_waiting()
    before = hooked.tags()
    assert sorted(before) == sorted(set(HOOKS) - {"poststop"})
    made.state()
    made.exec()
    made.kill("KILL")
    made.until_status("stopped")
    assert hooked.tags() == before


@musts("create.config-changes", "create.config-changes.after")
@proved_by("config-reread")
def test_hooks_changed_after_create_have_no_effect(container: MakeContainer) -> None:
    """Start and delete run the hooks that the config had at create, and none that came later."""
    hooked = Hooked(container())
    hooked.tag("startContainer", "startContainer").tag("poststart", "poststart").tag("poststop", "poststop")
    hooked.container.create()
    config = copy.deepcopy(hooked.container.bundle.config)
    drop("hooks")(config)
    for kind in ("startContainer", "poststart", "poststop"):
        hook(kind, "/missing")(config)
    hooked.container.bundle.rewrite(config)
    hooked.container.start()
    hooked.container.wait()
    hooked.container.delete()
    assert sorted(hooked.tags()) == ["poststart", "poststop", "startContainer"]


@musts("hooks", "extensibility.unknown-property")
@proved_by("hooks-empty-refused")
@pytest.mark.parametrize(
    "hooks",
    [{}, {kind: [] for kind in HOOKS}, {"prelaunch": [{"path": "/missing"}]}],
    ids=["object", "lists", "unknown"],
)
def test_hooks_may_be_empty_or_of_an_unknown_kind(container: MakeContainer, hooks: object) -> None:
    """A config without any hook of a known kind is a valid one, whatever it has in their place."""
    assert container(put("hooks", hooks)).run().inside.pid == 1


@musts("hooks.prestart", "hooks.create-runtime", "hooks.create-container")
@musts("hooks.start-container", "hooks.poststart", "hooks.poststop")
@proved_by("hooks-last-dropped")
def test_every_hook_of_a_long_list_runs(container: MakeContainer) -> None:
    """Twenty hooks of each kind all run."""
    hooked = Hooked(container())
    words = {kind: [f"{kind} {number}" for number in range(20)] for kind in HOOKS}
    for kind in HOOKS:
        for word in words[kind]:
            hooked.add(kind, "tag", word)
    hooked.container.run()
    said = hooked.tags()
    assert {kind: [word for word in said if word.split()[0] == kind] for kind in HOOKS} == words
