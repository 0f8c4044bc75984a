"""A container whose hooks are the probe, and what they say."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import pytest

from conformance.harness.errors import Violation
from conformance.harness.observed import Program
from conformance.requirements.binding import musts
from strategies.edits import hook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from conformance.harness.container import Completed, Container
    from conformance.harness.observed import Inside
    from conformance.harness.trial import Running

#: The file, as programs in the container see it, to which hooks and programs append what they say.
LOG = "/run/said"

#: The kinds by the operation that calls them, in their order, and what their requirements are called.
CREATE = {"prestart": "prestart", "createRuntime": "create-runtime", "createContainer": "create-container"}
START = {"startContainer": "start-container"}
POSTSTART = {"poststart": "poststart"}
POSTSTOP = {"poststop": "poststop"}
HOOKS = CREATE | START | POSTSTART | POSTSTOP
#: The kinds whose properties the specification describes in full; it says of the others that they are alike.
DESCRIBED = ("prestart", "createRuntime")


def of(kind: str, *suffixes: str, alike: bool = False) -> list[str]:
    """The requirements of a kind of hooks that end in ``suffixes``.

    With ``alike``, those are the requirements of a hook's properties: they have the suffix for the kinds that the
    specification describes in full, and are called ``fields`` for the others.
    """
    ends = ("fields",) if alike and kind not in DESCRIBED else suffixes
    return [f"hooks.{HOOKS[kind]}.{end}" for end in ends]


def each(kinds: Iterable[str], *suffixes: str, alike: bool = False) -> list[Any]:
    """Parameters, one for each kind of hooks, bound to the kind's requirements: see ``of``."""
    return [pytest.param(kind, marks=musts(*of(kind, *suffixes, alike=alike)), id=kind) for kind in kinds]


def all_of(kinds: Iterable[str], *suffixes: str, alike: bool = False) -> pytest.MarkDecorator:
    """The mark of a test that judges the requirements of several kinds of hooks at once: see ``of``."""
    return musts(*(name for kind in kinds for name in of(kind, *suffixes, alike=alike)))


class Hooked:
    """The hooks of one container that was not created yet.

    Each hook is the probe: for kinds whose path is the runtime's it is named as the runtime sees it, which is a path
    that the container does not have, and for startContainer it is /probe, which the runtime does not have.
    """

    def __init__(self, made: Container) -> None:
        self.container = made
        self.log: Path = made.bundle.rootfs / LOG.lstrip("/")
        self.probe: Path = made.bundle.rootfs / "probe"
        made.prepare(f"chmod 1777 rootfs/run && touch rootfs{LOG} && chmod 666 rootfs{LOG}")

    def add(  # noqa: PLR0913  # what a hook is made of
        self,
        kind: str,
        *verbs: str,
        path: str | None = None,
        name: str = "hook",
        env: Sequence[str] | None = None,
        timeout: int | None = None,
        reads: bool = True,
    ) -> Self:
        """One more hook that reads its state, does ``verbs``, and says what came of it in the log.

        ``name`` is its first argument.  Without ``reads`` it leaves its standard input alone.
        """
        self.container.scene.skip_without(f"hook.{kind}")
        inside = kind == "startContainer"
        program, log = ("/probe", LOG) if inside else (str(self.probe), str(self.log))
        args = [name, "to", log, *["stdin"] * reads, *verbs]
        self.container.reconfigure(hook(kind, path or program, args=args, env=env, timeout=timeout))
        return self

    def tag(self, kind: str, *words: str, **properties: Any) -> Self:
        """One more hook for each of ``words``, which takes a moment, then says it."""
        for word in words:
            self.add(kind, "burn", "10", "tag", word, **properties)
        return self

    def said(self) -> list[dict[str, Any]]:
        """All that was said so far, as JSON documents in order."""
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        """All that was said so far."""
        return self.container.read(self.log)

    def tags(self) -> list[str]:
        """The words that were said so far."""
        tags = [line["tag"] for line in self.said() if "tag" in line]
        lines = "\n".join(json.dumps({"tag": tag}, separators=(",", ":")) for tag in tags)
        self.container.scene.journal.saw(f"tags {self.log}", lines)
        return tags

    @contextmanager
    def during_create(self, kind: str) -> Iterator[None]:
        """Be at work in a hook of create; it has read its state, and goes on after the block."""
        self.add(kind, "sleepuntil", str(self._go))
        with self._held(self.container.begin_create(), self.container.end_create):
            yield

    @contextmanager
    def during_delete(self) -> Iterator[None]:
        """As ``during_create``, in the poststop hook that ``hold_delete`` has added."""
        scene, out, err = self.container.scene, *(self.log.with_name(name) for name in ("out", "err"))
        flags = os.O_WRONLY | os.O_CREAT
        files = {0: ("/dev/null", os.O_RDONLY), 1: (str(out), flags), 2: (str(err), flags)}
        running = scene.start("delete", self.container.id, files=files)
        with self._held(running, lambda running: scene.finish(running, out, err)):
            yield
        self.container.deleted = True

    def hold_delete(self) -> Self:
        """One more poststop hook, for ``during_delete``."""
        return self.add("poststop", "sleepuntil", str(self._go))

    @property
    def _go(self) -> Path:
        return self.log.with_name("go")

    @contextmanager
    def _held(self, running: Running, end: Callable[[Running], Completed]) -> Iterator[None]:
        """Wait until a hook of an operation has read its state, let it go on after the block, and await the end."""
        try:
            self._until_a_state_is_read(running)
            yield
        finally:
            self._go.touch()
            done = end(running)
        self.container.scene.accepted(done)

    def _until_a_state_is_read(self, running: Running) -> None:
        scene = self.container.scene
        while '"stdin"' not in self.log.read_text():
            if scene.trial.ended(running):
                raise Violation(f"{running.argv[-1]}: the operation ended before its hook had read the state")
            scene.pause(0.002)

    @property
    def program(self) -> Program:
        """What the hooks did, all in one."""
        return Program(self.container.scene.journal, self.text(), "", None, f"file {self.log}")

    @property
    def inside(self) -> Inside:
        """What the first hook that reports saw.  Raises ``Violation`` when none did."""
        return self.program.inside

    def state(self, index: int = 0) -> dict[str, Any]:
        """The state that the ``index``-th hook got.  Raises ``Violation`` when it got none."""
        text = self.program.action("stdin", index).content or ""
        try:
            document = json.loads(text)
        except ValueError:
            raise Violation(f"the hook got no state on its standard input, but {text[:500]!r}") from None
        if not isinstance(document, dict):
            raise Violation(f"the hook got no state on its standard input, but {text[:500]!r}")
        return document
