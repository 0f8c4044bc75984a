"""A record for a test that takes its worker process down: without it, the test would be missing from every report.

Before each test a worker leaves a draft of the record that says "broken" in memory that belongs to the controller. A
worker that dies does not get to replace it; the controller then puts it on the report that xdist makes of the crash.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from reports.record import PROPERTY, Record, from_builtins, to_builtins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    MakeDraft = Callable[[pytest.Item], Record | None]

KEY = "seatrial_draft"


class Worker:
    """Keeps the draft of the test that runs now. ``draft`` makes it; None for a test that tries no runtime."""

    def __init__(self, path: Path, draft: MakeDraft) -> None:
        self._path, self._draft = path, draft

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Put the draft where the controller sees it."""
        draft = self._draft(item)
        record = None if draft is None else to_builtins(draft)
        self._path.write_bytes(msgspec.json.encode([item.nodeid, record]))
        return (yield)


class Controller:
    """Has a place for the draft of each worker; it is gone when this process ends, in whatever way."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Make the place, and tell the worker."""
        file = self._files[node.gateway.id] = os.memfd_create(f"seatrial {node.gateway.id}")
        node.workerinput[KEY] = f"/proc/{os.getpid()}/fd/{file}"

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """Give the report of a crash its record, before others look for one there."""
        content = Path(f"/proc/self/fd/{self._files[report.node.gateway.id]}").read_bytes()
        nodeid, record = msgspec.json.decode(content) if content else ("", None)
        if nodeid == crashitem and record is not None:
            draft = msgspec.structs.replace(from_builtins(record), reason=str(report.longrepr))
            report.user_properties.append((PROPERTY, to_builtins(draft)))

    def pytest_unconfigure(self) -> None:
        """Give the memory back."""
        while self._files:
            os.close(self._files.popitem()[1])


def register(config: pytest.Config, draft: MakeDraft) -> None:
    """Keep drafts in a worker, or places for them in a controller."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is None:
        config.pluginmanager.register(Controller(), "seatrial-crashes")
    elif KEY in workerinput:
        config.pluginmanager.register(Worker(Path(workerinput[KEY]), draft), "seatrial-crashes")
