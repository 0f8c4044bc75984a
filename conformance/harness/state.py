"""What ``state`` prints, read strictly."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from conformance.harness.errors import Violation
from conformance.harness.journal import Journal

#: The properties of the document that go by another name here.
PROPERTIES = {"oci_version": "ociVersion"}
#: What is another one each time, so that a script can not look for it.
FLEETING = {"pid"}


class State(msgspec.Struct, rename=PROPERTIES, dict=True):
    """The state document of a container (runtime.md, State); it notes the property that a test looked at last."""

    oci_version: str
    id: str
    status: str
    bundle: str
    pid: int = 0
    annotations: dict[str, str] = {}

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name in State.__struct_fields__ and (journal := super().__getattribute__("__dict__").get("journal")):
            found = json.dumps({PROPERTIES.get(name, name): value})[1:-1]
            journal.saw("output", "" if name in FLEETING else found)
        return value


def read_state(text: str, journal: Journal) -> State:
    """Read a state document.  Raises ``Violation`` when it is not one."""
    journal.saw("output", text)
    try:
        state = msgspec.json.decode(text, type=State)
    except (msgspec.DecodeError, msgspec.ValidationError) as problem:
        raise Violation(f"the state is no state document: {problem}: {text[:500]!r}") from None
    vars(state)["journal"] = journal
    return state
