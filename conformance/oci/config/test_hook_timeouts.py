"""config.md, POSIX-platform Hooks: how long a hook may take."""

import time

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.hooked import CREATE, HOOKS, Hooked, all_of, each
from conformance.plugin.fixtures import MakeContainer
from strategies.edits import wait

#: A hook that only a SIGKILL ends within 10 seconds.
STUBBORN = ("ignore", "TERM", "ignore", "INT", "ignore", "HUP", "tag", "begun", "sleepuntil", "/never")


@pytest.mark.parametrize("kind", each(CREATE, "timeout", alike=True))
@proved_by("hooks-failure-ignored", "hooks-timeout-in-milliseconds")
def test_a_hook_of_create_is_aborted_after_its_timeout(container: MakeContainer, kind: str) -> None:
    """A hook that outlives its seconds is aborted for good, which is a failure: create is undone."""
    hooked = Hooked(container()).add(kind, *STUBBORN, timeout=1)
    began = time.monotonic()
    with refused(hooked.container):
        hooked.container.create()
    assert hooked.tags() == ["begun"]
    assert 0.9 < time.monotonic() - began < 8


@musts("hooks.start-container.fields")
@proved_by("hooks-failure-ignored")
def test_a_start_container_hook_is_aborted_after_its_timeout(container: MakeContainer) -> None:
    """A startContainer hook that outlives its seconds is aborted, and the program does not run."""
    hooked = Hooked(container()).add("startContainer", *STUBBORN, timeout=1)
    hooked.container.create()
    hooked.container.ask("start", hooked.container.id)
    assert hooked.container.wait().output == ""
    assert hooked.tags() == ["begun"]


@musts("hooks.poststart.fields")
@proved_by("hooks-timeout-in-milliseconds")
def test_a_poststart_hook_is_aborted_after_its_timeout(container: MakeContainer) -> None:
    """A poststart hook that outlives its seconds is aborted; what follows depends on the version."""
    hooked = Hooked(container(wait())).add("poststart", *STUBBORN, timeout=1)
    began = time.monotonic()
    hooked.container.ask_to_create()
    hooked.container.ask("start", hooked.container.id)
    assert hooked.tags() == ["begun"]
    assert 0.9 < time.monotonic() - began < 8


@musts("hooks.poststop.fields", "hooks.poststop.failure")
@proved_by("hooks-timeout-ignored", "hooks-timeout-in-milliseconds")
def test_a_poststop_hook_is_aborted_after_its_timeout(container: MakeContainer) -> None:
    """A poststop hook that outlives its seconds is aborted, and delete succeeds."""
    hooked = Hooked(container()).add("poststop", *STUBBORN, timeout=1)
    began = time.monotonic()
    hooked.container.run()
    assert hooked.tags() == ["begun"]
    assert 0.9 < time.monotonic() - began < 8


@all_of(HOOKS, "timeout", alike=True)
@proved_by("hooks-timeout-in-milliseconds")
def test_a_timeout_is_in_seconds(container: MakeContainer) -> None:
    """A hook that takes less than its seconds is left alone, also when it takes more than as many milliseconds."""
    hooked = Hooked(container())
    for kind in HOOKS:
        hooked.add(kind, "burn", "40", "tag", kind, timeout=20)
    hooked.container.run()
    assert sorted(hooked.tags()) == sorted(HOOKS)


@pytest.mark.parametrize("kind", each(CREATE, "timeout.positive", alike=True))
@pytest.mark.parametrize("timeout", [0, -1])
@proved_by("invalid-values-ignored")
def test_a_timeout_that_is_not_positive_is_refused(container: MakeContainer, kind: str, timeout: int) -> None:
    """A timeout of 0 seconds or less is an error."""
    hooked = Hooked(container()).tag(kind, "unsound", timeout=timeout)
    with refused(hooked.container):
        hooked.container.create()
