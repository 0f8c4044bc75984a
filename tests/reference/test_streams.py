"""Whose the standard streams of a program are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reference_runtime.ops.process import give_streams


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_streams_are_given_to_the_user_except_the_null_device(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with (tmp_path / "log").open("w") as log, Path("/dev/null").open("w") as nothing:
        owner = os.fstat(nothing.fileno()).st_uid
        give_streams(1000, (reader, log.fileno(), nothing.fileno(), 999))
        found = [os.fstat(each).st_uid for each in (reader, log.fileno(), nothing.fileno())]
        group = os.fstat(log.fileno()).st_gid
    os.close(reader)
    os.close(writer)
    assert found == [1000, 1000, owner]
    assert group == os.getegid()
