"""config.md, Hostname and Domainname: the names of the container's UTS namespace."""

from typing import Any

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import domainname, hostname, namespace, put, read


@musts("hostname")
@proved_by("hostname-dropped")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sea", id="short"),
        pytest.param("a.b-c.example", marks=proved_by("hostname-truncated"), id="dotted"),
        pytest.param("h" * 64, marks=proved_by("hostname-cut"), id="longest"),
    ],
)
def test_the_program_sees_its_hostname(run: Run, name: str) -> None:
    """The host name inside is the configured one, whichever way it is asked for."""
    inside = run(hostname(name), read("/proc/sys/kernel/hostname"))
    assert inside.hostname == name
    assert inside.action("read").content == f"{name}\n"


@musts("domainname")
@proved_by("domainname-dropped", "domainname-is-hostname")
@pytest.mark.parametrize("name", ["sea", "a.b-c.example", "h" * 64], ids=["short", "dotted", "longest"])
def test_the_program_sees_its_domainname(run: Run, name: str) -> None:
    """The domain name inside is the configured one, besides the host name."""
    inside = run(domainname(name), hostname("beside"))
    assert (inside.domainname, inside.hostname) == (name, "beside")


@musts("hostname.namespace")
@proved_by("namespace-uts-not-created")
def test_the_names_of_the_host_stay(container: MakeContainer) -> None:
    """Outside, the host name is what it was before, while the container runs and afterwards."""
    made = container(hostname("inside"), put("process.args.2", "wait"))
    made.prepare("uname -n >names")
    made.create()
    made.start()
    made.until_waiting()
    assert made.observed().inside.hostname == "inside"
    made.prepare("uname -n >>names")
    made.kill("KILL")
    made.wait()
    made.delete()
    made.prepare("uname -n >>names")
    names = made.read(made.bundle.folder / "names").split()
    assert names == [names[0]] * 3
    assert names[0] != "inside"


@musts("hostname.namespace", needs=("runtime.host-kernel", "command.exec"))
@proved_by("namespace-uts-path-ignored", "hostname-dropped", "namespace-uts-not-joined")
def test_the_name_of_a_joined_namespace_is_set(bring: Bring, container: MakeContainer) -> None:
    """In a UTS namespace that the container joins, its host name is set for all who are in it."""
    first = bring("running", hostname("first"))
    path = f"/proc/{first.pid}/ns/uts"
    second = container(namespace("uts", path), hostname("second")).run()
    assert second.inside.hostname == "second"
    assert first.exec().inside.hostname == "second"


@musts("hostname", needs="command.exec")
@proved_by("exec-outside-uts-namespace")
def test_exec_sees_the_hostname(bring: Bring) -> None:
    """A process executed later sees the container's host name."""
    assert bring("running", hostname("inside")).exec().inside.hostname == "inside"


@musts("hostname", "create.unapplicable", "valid-values.invalid")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("h" * 65, marks=proved_by("hostname-failure-ignored"), id="too-long"),
        pytest.param(5, marks=proved_by("invalid-values-ignored"), id="number"),
    ],
)
def test_a_hostname_that_can_not_be_is_refused(container: MakeContainer, name: Any) -> None:
    """A host name that the kernel does not accept, or that is no text, is an error."""
    made = container(hostname(name))
    with refused(made):
        made.create()


@musts("domainname", "domainname.namespace")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("d" * 65, marks=proved_by("domainname-failure-ignored"), id="too-long"),
        pytest.param(5, marks=proved_by("invalid-values-ignored"), id="number"),
    ],
)
def test_a_domainname_that_can_not_be_is_refused(container: MakeContainer, name: Any) -> None:
    """A domain name that the kernel does not accept, or that is no text, is an error."""
    made = container(domainname(name))
    with refused(made):
        made.create()
