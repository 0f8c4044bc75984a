"""What ``linux.seccomp`` may not say, and how the refusal names it."""

from __future__ import annotations

from typing import Any

import pytest

from reference_runtime.errors import RuntimeFault, SpecError
from reference_runtime.seccomp import compile_filter
from reference_runtime.seccomp.features import features
from reference_runtime.seccomp.names import ACTIONS, ARCHITECTURES, FLAGS, MACHINES, OPERATORS
from reference_runtime.seccomp.rules import parse
from reference_runtime.seccomp.tables import numbers

ALLOW = {"defaultAction": "SCMP_ACT_ALLOW"}


def with_rule(**changes: Any) -> dict[str, Any]:
    entry = {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"} | changes
    return ALLOW | {"syscalls": [{key: value for key, value in entry.items() if value is not ...}]}


def with_match(**changes: Any) -> dict[str, Any]:
    entry = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"} | changes
    return with_rule(args=[{key: value for key, value in entry.items() if value is not ...}])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], r"linux\.seccomp must be an object"),
        ({}, r"linux\.seccomp\.defaultAction is missing"),
        ({"defaultAction": "ALLOW"}, r"defaultAction: 'ALLOW' is not known; known are SCMP_ACT_KILL, "),
        ({"defaultAction": 3}, r"defaultAction: 3 is not known"),
        (ALLOW | {"defaultErrnoRet": 1}, r"defaultErrnoRet must not be set, since SCMP_ACT_ALLOW returns no errno"),
        (ALLOW | {"architectures": ["SCMP_ARCH_VAX"]}, r"architectures\[0\]: 'SCMP_ARCH_VAX' is not known"),
        (ALLOW | {"architectures": "SCMP_ARCH_X86"}, r"architectures must be an array"),
        (ALLOW | {"flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}, r"flags\[0\]: .* is not known"),
        (ALLOW | {"listenerMetadata": "x"}, r"listenerMetadata must not be set without listenerPath"),
        (ALLOW | {"listenerPath": 3}, r"listenerPath must be a string"),
        ({"defaultAction": "SCMP_ACT_NOTIFY"}, r"listenerPath must be set"),
        (ALLOW | {"syscalls": [3]}, r"syscalls\[0\] must be an object"),
        (with_rule(names=[]), r"syscalls\[0\]\.names must contain at least one name"),
        (with_rule(names=...), r"syscalls\[0\]\.names must contain at least one name"),
        (with_rule(names=[""]), r"syscalls\[0\]\.names: '' is not a name"),
        (with_rule(names=[7]), r"syscalls\[0\]\.names: 7 is not a name"),
        (with_rule(action=...), r"syscalls\[0\]\.action is missing"),
        (with_rule(action="SCMP_ACT_DENY"), r"syscalls\[0\]\.action: 'SCMP_ACT_DENY' is not known"),
        (with_rule(action="SCMP_ACT_NOTIFY"), r"listenerPath must be set"),
        (with_rule(errnoRet=-1), r"errnoRet must be an integer from 0 to 4095, not -1"),
        (with_rule(errnoRet=4096), r"errnoRet must be an integer from 0 to 4095, not 4096"),
        (with_rule(errnoRet=True), r"errnoRet must be an integer from 0 to 4095, not True"),
        (with_rule(action="SCMP_ACT_TRACE", errnoRet=65536), r"errnoRet must be an integer from 0 to 65535"),
        (with_match(index=6), r"args\[0\]\.index must be an integer from 0 to 5, not 6"),
        (with_match(index=...), r"args\[0\]\.index is missing"),
        (with_match(op="EQ"), r"args\[0\]\.op: 'EQ' is not known"),
        (with_match(value=...), r"args\[0\]\.value is missing"),
        (with_match(value=1 << 64), r"args\[0\]\.value must be an integer from 0 to 18446744073709551615"),
        (with_match(valueTwo=-1), r"args\[0\]\.valueTwo must be an integer"),
    ],
)
def test_refused(document: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse(document)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_errno_belongs_to_two_actions_only(action: str) -> None:
    document = with_rule(action=action, errnoRet=2) | {"listenerPath": "/agent"}
    if action in {"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"}:
        assert parse(document).rules[0].returns == ACTIONS[action] | 2
    else:
        with pytest.raises(SpecError, match=f"since {action} returns no errno"):
            parse(document)


@pytest.mark.parametrize("action", ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"])
def test_errno_is_eperm_unless_told(action: str) -> None:
    assert parse({"defaultAction": action}).default == ACTIONS[action] | 1
    assert parse({"defaultAction": action, "defaultErrnoRet": 0}).default == ACTIONS[action]


def test_every_known_name_is_accepted() -> None:
    matches = [{"index": 0, "value": 1, "op": operator} for operator in OPERATORS]
    document = ALLOW | {"architectures": list(ARCHITECTURES), "flags": list(FLAGS)} | with_rule(args=matches)
    assert parse(document).architectures == list(ARCHITECTURES)
    assert len(parse(document).rules[0].alternatives) == len(OPERATORS)


def test_a_machine_without_a_table_is_named() -> None:
    with pytest.raises(RuntimeFault, match="numbers of the machine vax are not known"):
        compile_filter(ALLOW, "vax")


@pytest.mark.parametrize("architecture", sorted({name for names in MACHINES.values() for name in names}))
def test_tables_are_plausible(architecture: str) -> None:
    table = numbers(architecture)
    assert {"read", "execve", "exit_group", "openat2", "pidfd_open", "clone3"} <= set(table)
    assert len(table) > 300
    assert all(number >= 0x40000000 for number in table.values()) == (architecture == "SCMP_ARCH_X32")


def test_features_tell_all_names() -> None:
    told = features()
    assert told["enabled"] is True
    assert told["actions"] == sorted(ACTIONS)
    supported, known = told["supportedFlags"], told["knownFlags"]
    assert isinstance(supported, list) and isinstance(known, list)
    assert set(supported) <= set(known) == set(FLAGS)
    assert "SECCOMP_FILTER_FLAG_TSYNC" in supported
