"""config-linux.md, Masked Paths: what is at these paths can not be read, and nothing else is touched."""

import pytest

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edits import bind, folder, masked_paths, opened, read, readonly_paths, readonly_root, user

SECRETS = """echo secret >rootfs/secret; echo open >rootfs/open
mkdir -p rootfs/vault/deep; echo secret >rootfs/vault/secret; echo secret >rootfs/vault/deep/secret
mkdir data; echo secret >data/secret; echo open >data/open"""


def hidden(made: Container, *places: str) -> list[bool]:
    """Whether nothing of the secret can be read at each of these places, which the container reads in this order."""
    made.prepare(SECRETS)
    actions = [action for action in made.run().actions if action.verb == "read"]
    assert [action.args[0] for action in actions] == [*places]
    return ["secret" not in (action.content or "") for action in actions]


@musts("masked-paths")
@proved_by("masked-paths-dropped")
@pytest.mark.parametrize("masked", [("/secret",), ("/vault",), ("/secret", "/vault")], ids=["file", "folder", "both"])
def test_a_masked_path_can_not_be_read(container: MakeContainer, masked: tuple[str, ...]) -> None:
    """Nothing is read from a masked file or below a masked folder, and all else can be read."""
    places = ("/secret", "/vault/secret", "/vault/deep/secret")
    made = container(masked_paths(*masked), *map(read, places))
    assert hidden(made, *places) == ["/secret" in masked, "/vault" in masked, "/vault" in masked]


@musts("masked-paths")
@proved_by("masked-paths-dropped", "masked-directories-dropped")
def test_a_masked_folder_shows_no_names(container: MakeContainer) -> None:
    """The names in a masked folder can not be listed; the folder around it shows what it holds."""
    made = container(masked_paths("/vault"), folder("/vault"), folder("/"))
    made.prepare(SECRETS)
    masked, around = made.run().actions
    assert not masked.names
    assert {"open", "secret", "vault"} <= {*(around.names)}


@musts("masked-paths")
@proved_by("masked-paths-first-only", "masked-paths-last-dropped", "masked-missing-refused")
def test_every_path_of_a_list_is_masked(container: MakeContainer) -> None:
    """Each path of a long list is masked; one that does not exist keeps none after it from being masked."""
    places = [f"/hide/{number}" for number in range(12)]
    made = container(masked_paths(*places[:6], "/missing/path", *places[6:]), *map(read, places))
    made.prepare("mkdir rootfs/hide; for n in 0 1 2 3 4 5 6 7 8 9 10 11; do echo secret >rootfs/hide/$n; done")
    assert hidden(made, *places) == [True] * 12


@musts("masked-paths")
@proved_by("masked-paths-dropped", "masked-files-dropped")
def test_paths_in_mounts_are_masked(container: MakeContainer) -> None:
    """A masked path is one of the container: what a mount brings is masked, and its source on the host is not."""
    made = container(bind("data", "/mnt"), masked_paths("/mnt/secret"), read("/mnt/secret"), read("/mnt/open"))
    made.prepare(SECRETS)
    secret, other = made.run().actions
    assert "secret" not in (secret.content or "")
    assert other.content == "open\n"
    assert (made.bundle.folder / "data" / "secret").read_text() == "secret\n"


@musts("masked-paths")
@proved_by("masked-paths-dropped")
def test_files_of_proc_are_masked(container: MakeContainer) -> None:
    """A masked file and a masked folder of /proc tell nothing, while their neighbours do."""
    places = ("/proc/uptime", "/proc/version", "/proc/sys/kernel/ostype", "/proc/self/comm")
    made = container(masked_paths("/proc/uptime", "/proc/sys"), *map(read, places))
    assert [bool(action.content) for action in made.run().actions] == [False, True, False, True]


@musts("masked-paths")
@proved_by("masked-paths-dropped")
@pytest.mark.parametrize("uid", [0, 1000])
def test_masked_paths_are_masked_for_every_process(bring: Bring, uid: int) -> None:
    """A further process in the container reads nothing either, whoever it runs as."""
    made = bring("running", masked_paths("/proc/version"), user(uid, uid))
    seen = made.exec("/probe", "read", "/proc/version", "read", "/proc/self/comm")
    assert [bool(action.content) for action in seen.actions] == [False, True]


@musts("masked-paths", "readonly-paths", "root.readonly")
@proved_by("masked-paths-dropped")
def test_masked_paths_go_with_readonly_ones(container: MakeContainer) -> None:
    """A path below a read-only one, and on a read-only root, is masked as well."""
    edits = (readonly_root(), readonly_paths("/vault"), masked_paths("/vault/deep"))
    made = container(*edits, read("/vault/deep/secret"), read("/vault/secret"), opened("/vault/secret", "w"))
    assert hidden(made, "/vault/deep/secret", "/vault/secret") == [True, False]
    assert made.observed().action("open").errno == "EROFS"
