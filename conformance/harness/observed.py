"""What the probe saw from inside, together with how the program ended."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import suppress
from typing import Any, Protocol

import msgspec

from conformance.harness.errors import HarnessError, Violation
from conformance.probe.report import Action, Report, parse


class Witness(Protocol):
    """A journal that notes which fact was looked at last."""

    def saw(self, where: str, text: str) -> None:
        """Note that a test looked at a fact."""


class Program:
    """What one program printed and how it ended.

    ``actions`` is what the probe's verbs did, in order; ``output`` and ``stderr`` are its raw text, and ``where`` is
    the place where a script finds it again: see ``Evidence``.
    """

    def __init__(self, journal: Witness, output: str, stderr: str, status: int | None, where: str = "program") -> None:
        self.journal, self._status, self.where = journal, status, where
        self.output, self.stderr = output, stderr
        try:
            self._report, self.actions = parse(output.encode(errors="surrogateescape"))
        except (msgspec.DecodeError, msgspec.ValidationError) as problem:
            raise HarnessError(f"the probe's output can not be read: {problem}: {output[:2000]!r}") from problem

    @property
    def report(self) -> Report:
        """The probe's first report.  Raises ``Violation`` when there is none: it was not run as configured."""
        if self._report is None:
            said = f"it said {self.output[-500:]!r} {self.stderr[-500:]!r} and {self.how_it_ended()}"
            raise Violation(f"the program printed no report: {said}")
        return self._report

    @property
    def inside(self) -> Inside:
        """The same report, which notes what a test looks at.  Raises as ``report`` does."""
        report = self.report
        values = {name: getattr(report, name) for name in Report.__struct_fields__}
        inside = Inside(**values)
        inside.program = self
        return inside

    @property
    def exit_status(self) -> int | None:
        """The program's exit status; None when a signal ended it or nobody could see how it ended."""
        self.journal.saw("ended", str(self._status))
        return os.WEXITSTATUS(self._status) if self._status is not None and os.WIFEXITED(self._status) else None

    @property
    def killed_by(self) -> str | None:
        """The name of the signal that ended the program, as SIGKILL; None when it ended by itself."""
        self.journal.saw("ended", str(self._status))
        if self._status is None or not os.WIFSIGNALED(self._status):
            return None
        return signal.Signals(os.WTERMSIG(self._status)).name

    def action(self, verb: str, index: int = 0) -> Action:
        """What the ``index``-th use of ``verb`` did.  Raises ``Violation`` when the program never came to it."""
        found = [action for action in self.actions if action.verb == verb]
        if len(found) <= index:
            raise Violation(f"the program never came to `{verb}`: {self.output[-500:]!r}, it {self.how_it_ended()}")
        self.journal.saw(self.where, _line_of(self.output, verb, index))
        return found[index]

    def how_it_ended(self) -> str:
        """How the program ended, in words."""
        if self._status is None:
            return "ended unseen, or goes on"
        code = os.waitstatus_to_exitcode(self._status)
        return f"exited with {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"


class Inside(Report, dict=True, kw_only=True):
    """The probe's report as a test reads it; it notes the field looked at last, so that a script can look too."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name in Report.__struct_fields__:
            program = super().__getattribute__("program")
            if isinstance(program, Program):
                program.journal.saw(program.where, fragment(program.output, name))
        return value

    program: Program = msgspec.UNSET  # type: ignore[assignment]  # set by Program.inside, which alone makes these

    @property
    def exit_status(self) -> int | None:
        """The program's exit status, see ``Program``."""
        return self.program.exit_status

    @property
    def killed_by(self) -> str | None:
        """The signal that ended the program, see ``Program``."""
        return self.program.killed_by

    def action(self, verb: str, index: int = 0) -> Action:
        """What a use of ``verb`` did, see ``Program``."""
        return self.program.action(verb, index)


def first_report(output: str) -> dict[str, Any] | None:
    """The probe's first report in some output, as JSON; None when there is none, or it was not printed to its end."""
    for line in output.splitlines():
        if line.startswith('{"report":'):
            with suppress(ValueError):  # a program that is still at it, or was killed in the middle
                document: dict[str, Any] = json.loads(line)["report"]
                return document
    return None


def fragment(output: str, name: str) -> str:
    """The text of one field of the report as the probe printed it, ``"name":value``; "" when it is not there."""
    report = first_report(output) or {}
    key, decoder = f'"{name}":', json.JSONDecoder()
    start = output.find(key)
    while name in report and start >= 0:
        value, end = decoder.raw_decode(output, start + len(key))
        if value == report[name]:  # and no field of the same name further in
            return output[start:end]
        start = output.find(key, end)
    return ""


def _line_of(output: str, verb: str, index: int) -> str:
    lines = re.findall(rf'^\{{"verb":"{re.escape(verb)}".*$', output, re.MULTILINE)
    return lines[index] if len(lines) > index else ""
