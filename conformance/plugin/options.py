"""The options: one table, read by the parser, the header and the README's test.

Precedence: command line, then environment, then ini file, then the default.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class Option:
    """One option; ``many`` may be given more than once, ``flag`` takes no value."""

    name: str
    default: str
    metavar: str
    help: str
    many: bool = False
    flag: bool = False

    @property
    def dest(self) -> str:
        """The attribute of pytest's namespace."""
        return "seatrial_" + self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment's twin."""
        return self.dest.upper()


OPTIONS = (
    Option(
        "runtime",
        "reference",
        "PATH|NAME",
        "Runtime to try: a path, a name in PATH, or `reference`",
        many=True,
    ),
    Option("runtime-arg", "", "FLAG", "Global flag for every call of the runtime", many=True),
    Option("level", "may", "must|should|may", "Try requirements of this level and above"),
    Option(
        "strict-levels",
        "",
        "",
        "Fail on violated SHOULD requirements too, as pytest's --strict does",
        flag=True,
    ),
    Option("spec-version", "1.3.0", "VERSION", "Version of the runtime specification to hold runtimes to"),
    Option("requirement", "", "GLOB", "Try only tests of requirements that match", many=True),
    Option("keep-bundles", "", "FOLDER", "Keep the bundle of every container below this folder"),
    Option("results", "", "FILE", "Append one JSON line per test and runtime to this file"),
    Option("findings", "seatrial-findings", "FOLDER", "Where each violation leaves a folder with its run.sh"),
    Option("timeout", "20", "SECONDS", "Longest time for one operation of a runtime"),
    Option("baseline", "", "FILE", "Fail on regressions only: on what is worse than in these results of --results"),
    Option("expectations", "", "FILE", "Further known deviations, before the suite's own", many=True),
    Option(
        "fuzz-profile", "smoke", "smoke|ci|nightly|soak", "How long to fuzz: ten seconds, minutes, an hour, a night"
    ),
    Option("fuzz-time", "", "TIME", "Fuzz for this long in all, as 30s, 10m or 2h"),
    Option("fuzz-examples", "", "NUMBER", "Try so many cases in each phase of fuzzing"),
    Option("fuzz-seed", "", "NUMBER", "Draw the same cases again"),
    Option(
        "fuzz-database", "", "URL|FOLDER", "Where failing cases are kept: a folder, or redis://HOST for many machines"
    ),
    Option("shard", "", "K/N", "Fuzz the K-th of N parts of the cases"),
    Option("cri", "", "SOCKET", "CRI server to try: a socket as unix:///PATH, or `reference`", many=True),
    Option("cri-runtime-handler", "", "NAME", "Runtime handler for sandboxes, instead of the server's default"),
    Option("cri-image", "", "NAME", "Image to use instead of the suite's `probe`, with the probe in it"),
    Option("cri-timeout", "60", "SECONDS", "Longest time for one call of a CRI server"),
    Option("cri-registry", "127.0.0.1:0", "HOST:PORT", "Where the suite's registry listens; port 0 is any"),
    Option("cri-sandbox-config", "", "FILE", "YAML as crictl takes it, merged into the config of every sandbox"),
    Option("cri-container-config", "", "FILE", "YAML as crictl takes it, merged into the config of every container"),
    Option(
        "prove",
        "",
        "",
        "Prove that each test can fail: run it on the deliberately broken reference",
        flag=True,
    ),
)


def add(parser: pytest.Parser) -> None:
    """Register all options and their ini twins."""
    group = parser.getgroup("seatrial", "Conformance of container runtimes")
    for option in OPTIONS:
        help_text = f"{option.help} (default: {option.default})" if option.default else option.help
        details: dict[str, Any] = {"dest": option.dest, "default": None, "help": help_text}
        if option.flag:
            details |= {"action": "store_const", "const": "true"}
        else:
            details |= {"action": "append" if option.many else "store", "metavar": option.metavar}
        group.addoption(f"--{option.name}", **details)
        parser.addini(option.dest, help_text, default=None)


def given(config: pytest.Config, name: str) -> tuple[list[str], bool]:
    """The values of an option, and whether anybody asked for them."""
    option = next(option for option in OPTIONS if option.name == name)
    line = config.getoption(option.dest)
    if line is not None:
        return (line if option.many else [line]), True
    text = os.environ.get(option.variable) or config.getini(option.dest)
    if text:
        return (str(text).split() if option.many else [str(text)]), True
    return ([option.default] if option.default else []), False


def one(config: pytest.Config, name: str) -> str:
    """The value of an option that is given once; "" when it has none."""
    values, _ = given(config, name)
    return values[-1] if values else ""
