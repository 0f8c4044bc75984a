"""config-linux.md, Allowed Device list: who may read, write and make which devices.

The device is /dev/kmsg (1:11), which no runtime allows by default and every kernel has.
"""

import pytest

from conformance import musts, proved_by
from conformance.plugin.fixtures import Run
from strategies.edit import Edit
from strategies.edits import capabilities, device, device_rule, opened

KMSG = device("/dev/kmsg", "c", 1, 11, file_mode=0o666)
DENY_ALL = device_rule(False, access="rwm")
ALLOW = device_rule(True, type="c", major=1, minor=11, access="rw")
TRY_BOTH = (opened("/dev/kmsg", "r"), opened("/dev/kmsg", "w"), capabilities("SYSLOG"))


def can(run: Run, *rules: Edit) -> tuple[bool, bool]:
    """Whether the device can be opened for reading, and for writing, under these rules."""
    inside = run(KMSG, *rules, *TRY_BOTH)
    return inside.action("open").errno is None, inside.action("open", 1).errno is None


@musts("devices-cgroup", "devices-cgroup.access", "devices-cgroup.access.letters", needs="cgroup.devices")
@pytest.mark.parametrize(
    "access",
    [
        pytest.param("r", marks=proved_by("device-rules-access-ignored", "device-rules-dropped")),
        pytest.param("w", marks=proved_by("device-rules-access-ignored", "device-rules-dropped")),
        pytest.param("rw", marks=proved_by("device-rules-dropped")),
        pytest.param("m", marks=proved_by("device-rules-access-ignored")),
    ],
)
def test_only_the_listed_access_is_allowed(run: Run, access: str) -> None:
    """A device can be opened for what its rule allows and for nothing else."""
    rule = device_rule(True, type="c", major=1, minor=11, access=access)
    assert can(run, DENY_ALL, rule) == ("r" in access, "w" in access)


@musts("devices-cgroup.order", needs="cgroup.devices")
@proved_by("device-rules-reversed")
def test_a_later_rule_wins(run: Run) -> None:
    """Rules apply in the order of the list: a later one overrides an earlier one."""
    deny = device_rule(False, type="c", major=1, minor=11, access="rw")
    assert can(run, DENY_ALL, ALLOW, deny) == (False, False)
    assert can(run, DENY_ALL, deny, ALLOW) == (True, True)


@musts("devices-cgroup", needs="cgroup.devices")
@proved_by("device-rules-dropped")
def test_a_denied_device_can_not_be_opened(run: Run) -> None:
    """A device that is denied can not be opened, and one that is allowed can."""
    assert can(run, DENY_ALL) == (False, False)
    assert can(run, DENY_ALL, ALLOW) == (True, True)


@musts("devices-cgroup.numbers.default", needs="cgroup.devices")
@proved_by("device-rules-number-zero")
def test_a_missing_number_stands_for_any(run: Run) -> None:
    """A rule without a minor number is for every minor number; one with another number is not for this device."""
    assert can(run, DENY_ALL, device_rule(True, type="c", major=1, access="rw")) == (True, True)
    assert can(run, DENY_ALL, device_rule(True, type="c", major=1, minor=12, access="rw")) == (False, False)
    assert can(run, DENY_ALL, device_rule(True, type="c", major=2, access="rw")) == (False, False)


@musts("devices-cgroup.type", needs="cgroup.devices")
@proved_by("device-rules-characters-only")
def test_a_rule_for_block_devices_is_none_for_character_devices(run: Run) -> None:
    """A rule for block devices says nothing about a character device of the same numbers."""
    assert can(run, DENY_ALL, device_rule(True, type="b", major=1, minor=11, access="rw")) == (False, False)
    assert can(run, DENY_ALL, ALLOW) == (True, True)
