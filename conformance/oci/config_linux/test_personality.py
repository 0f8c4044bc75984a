"""config-linux.md, Personality: the execution domain of the program."""

import platform

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import personality, put

LINUX, LINUX32 = 0x0000, 0x0008


@musts("personality", "personality.domain", "personality.linux32", "personality.domain.linux32")
@proved_by("personality-dropped")
def test_linux32_names_a_machine_of_32_bits(run: Run) -> None:
    """With LINUX32 the program's personality is that, and uname names another machine than without."""
    inside = run(personality("LINUX32"))
    assert inside.personality == LINUX32
    assert inside.machine != platform.machine() == run().machine


@musts("personality", "personality.domain.linux")
@proved_by("personality-always-linux32")
def test_linux_names_the_machine_as_it_is(run: Run) -> None:
    """With LINUX, and without a personality, uname names the machine as it is."""
    inside = run(personality("LINUX", flags=[]))
    assert (inside.personality, inside.machine) == (LINUX, platform.machine())
    assert run().personality == LINUX


@musts("personality", needs="command.exec")
@proved_by("personality-dropped")
def test_a_further_process_has_the_same_personality(bring: Bring) -> None:
    """A process that is executed in the container has its personality."""
    assert bring("running", personality("LINUX32")).exec().inside.personality == LINUX32


@musts("personality.domain", "create.unapplicable")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize("value", [{"domain": "BOGUS"}, {"domain": ""}, {}], ids=["bogus", "empty", "missing"])
def test_an_unknown_domain_is_refused(container: MakeContainer, value: object) -> None:
    """A domain that the specification does not list can not be set, and is an error; LINUX is none."""
    container(personality("LINUX")).create()
    made = container(put("linux.personality", value))
    with refused(made):
        made.create()


@musts("personality.flags", "personality.flags.none", "create.unapplicable")
@proved_by("personality-flags-ignored")
def test_a_flag_is_refused(container: MakeContainer) -> None:
    """No flag is supported, so that a personality with one can not be set as configured."""
    made = container(personality("LINUX", flags=["ADDR_NO_RANDOMIZE"]))
    with refused(made):
        made.create()
