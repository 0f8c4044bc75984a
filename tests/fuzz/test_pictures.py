"""Two containers of one config look alike, wherever their bundles lie."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from conformance.fuzz.attempts import Bench
from conformance.fuzz.judging import Written
from conformance.fuzz.pictures import differences, picture
from conformance.harness.runtime import find
from conformance.harness.trial import Trial
from strategies.edit import edited
from strategies.edits import tmpfs

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")


def test_a_link_by_the_whole_path_of_the_bundle_makes_no_difference() -> None:
    script = 'mkdir -p outside; ln -s "$PWD/outside" rootfs/mnt/link'
    case: dict[str, Any] = msgspec.to_builtins(Written(config=edited(tmpfs("/mnt/link")), script=script))
    with Trial() as trial:
        bench = Bench(trial, 10.0)
        one, other = (picture(bench, find("reference"), case)[1] for _ in range(2))
    assert any("outside" in point for point, *_ in one["mounts"])
    assert differences(one, other) == []
