"""config.md, POSIX-platform Hooks: the path, the arguments and the environment of a hook."""

import pytest

from conformance import proved_by, refused
from conformance.harness.hooked import CREATE, DESCRIBED, HOOKS, Hooked, all_of, each
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import drop, put

ODD = ("", "two words", "$HOME", "*", 'q"\\', "ünï", "line\nline", "--flag", "")


@all_of(HOOKS, "path.namespace")
@pytest.mark.parametrize("kind", each(HOOKS, "args", "path", alike=True))
@proved_by("hooks-args-dropped", "hooks-args-last-dropped", "hooks-named-by-path", "hooks-path-elsewhere")
def test_a_hook_gets_its_arguments(container: MakeContainer, kind: str) -> None:
    """A hook is found in its namespace, and gets exactly its arguments: the first need not be its path."""
    hooked = Hooked(container()).add(kind, "report", "--", *ODD, name="another name")
    hooked.container.run()
    assert hooked.inside.args == hooked.container.bundle.config["hooks"][kind][0]["args"]


@pytest.mark.parametrize("kind", each(HOOKS, "env", alike=True))
@proved_by("hooks-env-dropped", "hooks-env-inherited")
def test_a_hook_gets_its_environment(container: MakeContainer, kind: str) -> None:
    """The environment of a hook is the one of its entry: nothing of the runtime's, nothing of the program's."""
    variables = ["SEA=calm", "EMPTY=", "ODD=a=b c", "PATH=/nowhere"]
    hooked = Hooked(container()).add(kind, "report", env=variables)
    hooked.container.run()
    assert sorted(hooked.inside.env) == sorted(variables)


@all_of(HOOKS, "env", alike=True)
@proved_by("hooks-env-inherited")
def test_hooks_with_an_empty_environment_get_none(container: MakeContainer) -> None:
    """An environment with no variables is not replaced by somebody else's."""
    hooked = Hooked(container())
    for kind in HOOKS:
        hooked.add(kind, "report", env=[])
    hooked.container.run()
    assert [line["report"]["env"] for line in hooked.said() if "report" in line] == [[]] * len(HOOKS)


@all_of(HOOKS, "args", alike=True)
@proved_by("hooks-args-required")
def test_arguments_may_be_left_out(run: Run) -> None:
    """A hook with nothing but a path is valid; this one needs no argument to read its state."""
    hooks = {kind: [{"path": "/bin/cat"}] for kind in HOOKS if kind != "startContainer"}
    assert run(put("hooks", hooks)).pid == 1


@pytest.mark.parametrize("kind", each(CREATE, "path.namespace"))
@proved_by("hooks-failure-ignored")
def test_a_path_of_the_container_is_none_of_the_runtime(container: MakeContainer, kind: str) -> None:
    """A hook of create is not looked for in the container's root filesystem: one that is only there is an error."""
    hooked = Hooked(container())
    hooked.add(kind, "tag", "found", path="/probe")
    with refused(hooked.container):
        hooked.container.create()
    assert hooked.tags() == []


@pytest.mark.parametrize("kind", each(CREATE, "path.absolute", alike=True))
@proved_by("relative-paths-accepted")
def test_a_relative_path_is_refused(container: MakeContainer, kind: str) -> None:
    """The path of a hook is absolute: one that leads to a program from the root folder is an error."""
    hooked = Hooked(container())
    hooked.add(kind, "tag", "found", path=str(hooked.probe).lstrip("/"))
    with refused(hooked.container):
        hooked.container.create()
    assert hooked.tags() == []


@pytest.mark.parametrize("kind", each(DESCRIBED, "path", alike=True))
@pytest.mark.parametrize("what", ["plain", "folder"])
@proved_by("hooks-failure-ignored")
def test_a_path_that_can_not_be_executed_is_refused(container: MakeContainer, kind: str, what: str) -> None:
    """A file without the permission to execute it, or a folder, is no program, and the hook fails."""
    hooked = Hooked(container())
    path = {"plain": hooked.container.bundle.folder / "config.json", "folder": hooked.container.bundle.rootfs}[what]
    hooked.add(kind, path=str(path))
    with refused(hooked.container):
        hooked.container.create()


@pytest.mark.parametrize("kind", each(CREATE, "path.required", alike=True))
@proved_by("invalid-values-ignored")
def test_a_hook_without_a_path_is_refused(container: MakeContainer, kind: str) -> None:
    """An entry that names no program is an error, whatever arguments it has."""
    hooked = Hooked(container()).add(kind, "tag", "found")
    hooked.container.reconfigure(drop(f"hooks.{kind}.0.path"))
    with refused(hooked.container):
        hooked.container.create()
