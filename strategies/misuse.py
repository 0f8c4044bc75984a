"""Misused command lines: odd ids, flags, signals, pid files and bundles, as a Hypothesis strategy.

The specification leaves the command line to runtimes, but not what an error is: it exits with another status than 0,
says why, and changes nothing.  So each misuse says whether it must be an error, must not be one, or may be either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ACCEPTED, REFUSED, OPEN = "accepted", "refused", "open"


class Misuse(NamedTuple):
    """One command line.

    ``words`` has ``{id}``, ``{bundle}`` and ``{folder}`` (a scratch folder) in it; ``state`` is that of the container
    ``{id}`` before, "" for none; ``prepare`` are shell commands in the scratch folder.  ``what`` names the misuse.
    """

    what: str
    words: tuple[str, ...]
    verdict: str = REFUSED
    state: str = ""
    prepare: str = ""
    requirement: str = ""


#: Ids that lead out of the state folder or are none at all.  None leads out of the trial: a runtime may believe them.
BAD_IDS = ("", ".", "..", "a/b", "../{id}", "{folder}", "{folder}/x", "{id}/", "{id}/../x", "./{id}")
#: Ids that a runtime may like or not; when it does, the container must work under that very name.
ODD_IDS = (
    "-",
    "--",
    "-x",
    "a b",
    "a\nb",
    "a\tb",
    "Ä",
    "\udcff",
    "a:b",
    "a@b",
    "a%sb",
    "a*b",
    "$(id)",
    "{id}" + "x" * 200,
    "{id}" + "x" * 250,
    "x" * 1000,
    "x" * 5000,
    "...",
    "a..b",
    ".hidden",
    "CON",
    "a\\b",
    "'",
    "0",
)
OPERATIONS = ("state", "start", "kill", "delete")
NO_SIGNALS = (
    "NONESUCH",
    "-1",
    "65",
    "999",
    "99999999999999999999",
    "SIG",
    "SIGSIGTERM",
    "RTMAX+1",
    "TERM KILL",
)
NO_NUMBERS = ("0x0f", "1.5", "9x", "9 9")
ODD_SIGNALS = ("0", "", "64", "RTMIN", "RTMIN+1", "SIGRTMAX", "term", "sigterm", "015", " 15", "+15")
#: Places for a pid file: where, what makes it so, and whether it can be written.
PID_FILES = (
    ("{folder}/missing/pid", "", REFUSED),
    ("{folder}", "", REFUSED),
    ("{folder}/pid/", "", REFUSED),
    ("{folder}/file/pid", "touch file", REFUSED),
    ("{folder}/loop/pid", "ln -s loop loop", REFUSED),
    ("/proc/pid", "", REFUSED),
    ("{folder}/old", "echo 1 >old", ACCEPTED),
    ("{folder}/a b", "", ACCEPTED),
    ("{folder}/link", "ln -s target link", OPEN),
    ("{folder}/full", "mknod full c 1 7", OPEN),
    ("{folder}/null", "mknod null c 1 3", OPEN),
    ("", "", OPEN),
    ("{folder}/" + "x" * 255, "", OPEN),
    ("{folder}/" + "x" * 300, "", REFUSED),
)


def _copy(name: str) -> str:
    """Shell commands that copy the bundle."""
    return f"mkdir {name}; cp -a ../config.json ../rootfs {name}"


#: Places for a bundle: where, what makes it so, and whether it is one.
BUNDLES = (
    ("{folder}/missing", "", REFUSED),
    ("{folder}/file", "touch file", REFUSED),
    ("{bundle}/config.json", "", REFUSED),
    ("{folder}", "", REFUSED),
    ("/", "", REFUSED),
    ("/proc/self/fd/77", "", REFUSED),
    ("{folder}/loop", "ln -s loop loop", REFUSED),
    ("", "", REFUSED),
    ("{bundle}/", "", ACCEPTED),
    ("{bundle}/.", "", ACCEPTED),
    ("{bundle}//", "", ACCEPTED),
    ("{bundle}/rootfs/..", "", ACCEPTED),
    ("{folder}/link", "ln -s {bundle} link", ACCEPTED),
    ("{folder}/a b", _copy("'a b'"), ACCEPTED),
    ("{folder}/Ä,:=%s", _copy("'Ä,:=%s'"), ACCEPTED),
    ("{folder}/new\nline", _copy("'new\nline'"), ACCEPTED),
    ("{folder}/'\"\\", _copy('"\'\\"\\\\"'), ACCEPTED),
    ("{folder}/-b", _copy("./-b"), ACCEPTED),
)
_CREATE = ("create", "--bundle", "{bundle}")


def _create(name: str) -> Misuse:
    """A create with an id put together from pieces."""
    if "/" in name and not name.startswith("-"):
        what = "create with an id that leads elsewhere"
        return Misuse(what, (*_CREATE, name), requirement="create.invalid-id")
    return Misuse("create with an odd id", (*_CREATE, name), OPEN)


def _ids() -> list[Misuse]:
    empty = Misuse("create with an empty id", (*_CREATE, ""), requirement="create.without-arguments")
    return [empty, *map(_create, (*BAD_IDS[1:], *ODD_IDS))]


def _strangers() -> list[Misuse]:
    """Operations on ids that nobody created, with a container beside them that must not feel it."""
    names = (*BAD_IDS, *ODD_IDS)
    whole = [
        (operation, name, *(["TERM"] if operation == "kill" else [])) for operation in OPERATIONS for name in names
    ]
    forced = [("delete", "--force", name) for name in names]
    found = [Misuse(f"{words[0]} of an id that there is not", words, REFUSED, "running") for words in whole]
    found += [Misuse("delete --force of an id that there is not", words, OPEN, "running") for words in forced]
    # What begins with a dash may be taken for a flag that asks for something else.
    return [
        each._replace(verdict=OPEN) if any(word.startswith("-") for word in each.words[1:]) else each for each in found
    ]


def _missing() -> list[Misuse]:
    without = [
        Misuse(f"{name} without an id", (name,), REFUSED, "running", "", f"{name}.without-id") for name in OPERATIONS
    ]
    create = [
        Misuse("create without an id", _CREATE, requirement="create.without-arguments"),
        Misuse("create without anything", ("create",), requirement="create.without-arguments"),
        Misuse(
            "create with a flag that lacks its value",
            ("create", "{id}", "--bundle"),
            requirement="create.without-arguments",
        ),
        Misuse("create with a pid file that has no name", (*_CREATE, "--pid-file")),
        Misuse("create with two ids", (*_CREATE, "{id}", "{id}-2"), OPEN),
    ]
    too_many = [
        Misuse(f"{name} with two ids", (name, "{id}", "{id}-2"), OPEN, "created") for name in ("state", "start")
    ]
    return [
        *without,
        *create,
        *too_many,
        Misuse("a command that there is not", ("nonesuch", "{id}"), REFUSED, "running"),
    ]


def _flags() -> list[Misuse]:
    flags = ("--nonesuch", "--nonesuch=1", "-Z", "---", "--force=maybe", "--bundle=")
    return [
        Misuse(f"{name} with a flag that there is not", (name, flag, "{id}"), OPEN, state)
        for name, state in (("state", "running"), ("start", "created"), ("kill", "running"), ("delete", "stopped"))
        for flag in flags
    ] + [Misuse("create with a flag that there is not", (*_CREATE, flag, "{id}"), OPEN) for flag in flags]


def _signals() -> list[Misuse]:
    kinds = (
        ("kill with a signal that there is not", NO_SIGNALS, REFUSED),
        ("kill with a number that is none", NO_NUMBERS, REFUSED),
        ("kill with an odd signal", ODD_SIGNALS, OPEN),
    )
    return [
        Misuse(what, ("kill", "{id}", word), verdict, "running", requirement="kill.signal")
        for what, words, verdict in kinds
        for word in words
    ]


def _places() -> list[Misuse]:
    pid_files = [
        Misuse(
            f"create with {_in_words(verdict)} pid file", (*_CREATE, "--pid-file", path, "{id}"), verdict, "", script
        )
        for path, script, verdict in PID_FILES
    ]
    bundles = [
        Misuse(
            f"create with {_in_words(verdict)} bundle",
            ("create", "--bundle", path, "{id}"),
            verdict,
            "",
            script,
            "create.without-arguments",
        )
        for path, script, verdict in BUNDLES
    ]
    return [*pid_files, *bundles]


def _in_words(verdict: str) -> str:
    return {REFUSED: "an impossible", ACCEPTED: "an unusual", OPEN: "an odd"}[verdict]


TABLE: dict[str, tuple[Misuse, ...]] = {
    "missing": tuple(_missing()),
    "ids": tuple(_ids()),
    "signals": tuple(_signals()),
    "places": tuple(_places()),
    "strangers": tuple(_strangers()),
    "flags": tuple(_flags()),
}

#: What a trial types that has little time.
SMOKE = (
    _create("../{id}"),
    next(case for case in TABLE["signals"] if case.verdict == REFUSED),
    next(case for case in TABLE["places"] if "--pid-file" in case.words),
    next(case for case in TABLE["places"] if case.verdict == ACCEPTED and " " in case.words[2]),
    Misuse("delete of an id that there is not", ("delete", "."), REFUSED, "stopped"),
    TABLE["missing"][0],
)


def misuses() -> SearchStrategy[Misuse]:
    """Misused command lines: those of the table, and ids and signals put together from odd pieces."""
    pieces = st.sampled_from((*BAD_IDS, *ODD_IDS, "a", "{id}"))
    names = st.lists(pieces, min_size=2, max_size=3).map("".join)
    drawn = names.map(_create)
    signals = st.text(st.sampled_from("0159-+ SIGTERMRTK"), max_size=8)
    killed = signals.map(lambda word: Misuse("kill with an odd signal", ("kill", "{id}", word), OPEN, "running"))
    return st.one_of(*(st.sampled_from(rows) for rows in TABLE.values()), drawn, killed)
