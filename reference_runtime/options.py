"""Command lines, taken apart by tables: ``argparse`` would cost as much time as everything else together."""

from __future__ import annotations

from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Usage(RuntimeFault):
    """The command line is not one that the runtime understands."""


class Option:
    """One option: its names, whether it takes a value, whether it may be repeated, and what it is for.

    ``kind`` is ``flag``, ``text``, ``number`` or ``list``.
    """

    __slots__ = ("help", "kind", "names", "usual")

    def __init__(self, names: str, kind: str, help_: str, usual: Any = None) -> None:
        self.names = names.split()
        self.kind = kind
        self.help = help_
        self.usual = usual

    def default(self) -> Any:
        """The value of an option that is not given."""
        if self.kind == "list":
            return []
        return {"flag": False, "text": ""}.get(self.kind) if self.usual is None else self.usual

    @property
    def key(self) -> str:
        """The longest name, by which the value is looked up."""
        return self.names[0].lstrip("-")


def parse(
    words: list[str], options: tuple[Option, ...], *, everything: bool = True
) -> tuple[dict[str, Any], list[str]]:
    """The values of the options by their keys, and the other words.

    Options end at ``--``, and unless ``everything`` at the first other word: what follows belongs to somebody else.
    """
    known = {name: option for option in options for name in option.names}
    values = {option.key: option.default() for option in options}
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            return values, rest + queue
        if not word.startswith("-") or word == "-":
            rest.append(word)
            if not everything:
                return values, rest + queue
            continue
        _take(word, known, values, queue)
    return values, rest


def _take(word: str, known: dict[str, Option], values: dict[str, Any], queue: list[str]) -> None:
    name, equals, value = word.partition("=")
    # A single dash before a long name is as good, as it is for programs written in Go.
    option = known.get(name) or known.get(f"-{name}")
    if option is None:
        raise Usage(f"there is no option {name}")
    if option.kind == "flag":
        if value not in {"", "true", "false"}:
            raise Usage(f"{name} takes no value {value!r}")
        values[option.key] = value != "false"
        return
    if not equals:
        if not queue:
            raise Usage(f"{name} needs a value")
        value = queue.pop(0)
    _store(option, name, value, values)


def _store(option: Option, name: str, value: str, values: dict[str, Any]) -> None:
    if option.kind == "list":
        values[option.key].append(value)
    elif option.kind == "number":
        if not value.lstrip("-").isdigit():
            raise Usage(f"{name} needs a number, not {value!r}")
        values[option.key] = int(value)
    else:
        values[option.key] = value
