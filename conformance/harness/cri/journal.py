"""What was asked and answered during one test on a CRI server, in order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from conformance.harness.cri import protocol
from conformance.harness.cri.client import Answer
from conformance.harness.cri.protocol import Message

#: The longest answer that is kept, in characters.
LONGEST = 20000


@dataclass(frozen=True)
class Exchange:
    """One call: the request and the answer as documents, or the code and text of the error."""

    method: str
    request: dict[str, Any]
    answer: Any
    code: str
    text: str
    seconds: float

    @property
    def output(self) -> str:
        """The answer in one line."""
        told = self.text if self.code != "OK" else json.dumps(self.answer, ensure_ascii=False)
        return f"{self.method}: {self.code} {told}"[:LONGEST]


@dataclass
class CriJournal:
    """The calls of one test, and the newest configs of sandboxes and containers by name."""

    steps: list[Exchange] = field(default_factory=list)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    expected: str = ""
    observed: str = ""
    closed: bool = False

    def close(self) -> None:
        """Take no more notes: what follows is cleaning up."""
        self.closed = True

    def add(self, request: Message, answer: Answer) -> None:
        """Note a call."""
        if self.closed:
            return
        told = answer.message
        shown = (
            [protocol.document(each) for each in told] if isinstance(told, list) else told and protocol.document(told)
        )
        text = protocol.document(request)
        self.steps.append(Exchange(answer.method, text, shown, answer.code, answer.text, answer.seconds))

    def saw(self, where: str, text: str) -> None:
        """Note that a test looked at a fact of a program: the answers are evidence enough here."""

    def judged(self, expected: str, observed: str) -> None:
        """Note what was expected and what was there, in words, when a check knows them better than its assert."""
        self.expected, self.observed = expected, observed

    def calls(self) -> list[list[str]]:
        """The calls in order, each as its name and the request."""
        return [[step.method, json.dumps(step.request, ensure_ascii=False)] for step in self.steps]
