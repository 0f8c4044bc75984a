"""Mount options mean what mount(8) says; of contradicting ones the last counts."""

from __future__ import annotations

import pytest

from reference_runtime import mount_options as mo
from reference_runtime.mount_options import Options


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ([], 0),
        (["ro"], mo.MS_RDONLY),
        (["ro", "rw"], 0),
        (["rw", "ro"], mo.MS_RDONLY),
        (["nosuid", "nodev", "noexec", "defaults"], 0),
        (["defaults", "nosuid"], mo.MS_NOSUID),
        (["rbind"], mo.MS_BIND | mo.MS_REC),
        (["noatime", "atime"], 0),
    ],
)
def test_flags(options: list[str], flags: int) -> None:
    assert Options(options).flags == flags


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ([], (0, 0)),
        (["ro"], (mo.ATTR_RDONLY, 0)),
        (["ro", "rw"], (0, mo.ATTR_RDONLY)),
        (["noatime"], (mo.ATTR_NOATIME, mo.ATTR_ATIME)),
        (["noatime", "strictatime"], (mo.ATTR_STRICTATIME, mo.ATTR_ATIME)),
        (["strictatime", "relatime"], (mo.ATTR_RELATIME, mo.ATTR_ATIME)),
    ],
)
def test_attributes(options: list[str], attributes: tuple[int, int]) -> None:
    assert Options(options).attributes == attributes
    assert Options([f"r{option}" for option in options]).recursive == attributes


def test_the_rest_is_for_the_filesystem() -> None:
    options = Options(["ro", "size=64k", "rslave", "mode=755", "idmap", "rro"])
    assert (options.data, options.propagation, options.idmap) == (
        "size=64k,mode=755",
        [mo.MS_SLAVE | mo.MS_REC],
        ["idmap"],
    )


def test_every_option_of_the_specification_is_known() -> None:
    must = "async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec"
    must += " noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared"
    must += " rslave runbindable rw shared silent slave strictatime suid sync unbindable"
    should = "nosymfollow ratime rdev rdiratime rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid"
    should += " rnosymfollow rrelatime rro rrw rstrictatime rsuid rsymfollow symfollow idmap ridmap"
    assert {*must.split(), *should.split()} <= set(mo.ALL)
