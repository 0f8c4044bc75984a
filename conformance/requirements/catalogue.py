"""The catalogue: every normative statement of the specification, as data.

One file of ``oci/`` stands for one page. It begins with the name of the ``page``; each table after it is one
statement, keyed by its id::

    ["kill.stopped"]            # short, dotted, stable for ever
    level = "MUST"              # MUST | SHOULD | MAY
    section = "Kill"            # heading
    line = 135                  # in version 1.3.0, or in the version of `until`
    since = "1.0.0"             # first version with the statement
    until = "1.2.1"             # last version with it, if a later one changed or dropped it
    on = "config"               # whose duty: runtime (default) | config, the author of config.json
    plain = true                # a declarative sentence, without a key word of RFC 2119
    text = "Kill of a container neither created nor running is an error."   # our own words

The files of ``cri/`` are the same for CRI v1: their pages are the message or service of api.proto where the promise
stands as a comment, their sections the call or field, versions are minor releases of Kubernetes, and all ids begin
with ``cri.``.

MUST stands for MUST, SHALL and REQUIRED, SHOULD for RECOMMENDED too, MAY for OPTIONAL too, negated or not. A
plain sentence has the level of what it belongs to: mostly MUST, for every property has to be applied
(runtime.md, Create); MAY for each of a list of valid values, of which a runtime can choose (config.md,
Valid values).
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

SPEC_VERSION = "1.3.0"
VERSIONS = ("1.0.0", "1.0.1", "1.0.2", "1.1.0", "1.2.0", "1.2.1", SPEC_VERSION)

Level = Literal["MUST", "SHOULD", "MAY"]
LEVELS: tuple[Level, ...] = ("MUST", "SHOULD", "MAY")

_DATA = Path(__file__).parent
_PAGES = ("runtime", "runtime-linux", "bundle", "config", "config-linux", "features", "features-linux")
_CRI_PAGES = (
    "runtime",
    "sandboxes",
    "containers",
    "security",
    "logs",
    "images",
    "stats",
    "lists",
    "streams",
    "restart",
    "checkpoints",
)
_REPOSITORY = "https://github.com/opencontainers/runtime-spec"
_CRI_REPOSITORY = "https://github.com/kubernetes/cri-api"
OCI, CRI = "OCI runtime-spec", "CRI"
#: The release of Kubernetes whose API definition the lines of the CRI's entries are of.
CRI_VERSION = "1.36"
#: The commits that have what came after that release.
CRI_COMMITS = {"1.37": "791729b255f0c2d0019d3862ba6ef000c4a30c4d"}
_SEVERITIES: Mapping[Level, str] = {"MUST": "critical", "SHOULD": "normal", "MAY": "minor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One normative statement of the specification."""

    id: str
    level: Level
    page: str
    section: str
    line: int
    since: str
    until: str | None = None
    text: str
    on: Literal["runtime", "config"] = "runtime"
    plain: bool = False
    specification: str = OCI

    @property
    def is_oci(self) -> bool:
        """Whether the statement is one of the runtime specification; else it is one of the CRI."""
        return self.specification == OCI

    @property
    def url(self) -> str:
        """The statement itself, in the newest version that has it."""
        if not self.is_oci:
            tag = CRI_COMMITS.get(self.since) or CRI_VERSION.replace("1.", "v0.", 1) + ".0"
            return f"{_CRI_REPOSITORY}/blob/{tag}/pkg/apis/runtime/v1/api.proto#L{self.line}"
        return f"{_REPOSITORY}/blob/v{self.until or SPEC_VERSION}/{self.page}?plain=1#L{self.line}"

    @property
    def severity(self) -> str:
        """How grave a violation is, in Allure's words: critical, normal or minor."""
        return _SEVERITIES[self.level]

    def holds_in(self, version: str) -> bool:
        """Whether the specification of this version (such as 1.2.1) has the statement."""
        asked = _numbers(version)
        return _numbers(self.since) <= asked and (self.until is None or asked <= _numbers(self.until))


class UnknownRequirement(LookupError):
    """No statement has this id; the message names the nearest that exists."""

    def __init__(self, asked: str, nearest: str | None) -> None:
        hint = f"; did you mean {nearest}?" if nearest else ""
        super().__init__(f"unknown requirement {asked}{hint}")
        self.asked = asked
        self.nearest = nearest


@cache
def catalogue() -> Mapping[str, Requirement]:
    """Every requirement by its id, in the order of the pages and, within a page, of the lines."""
    entries = [
        *(entry for page in _PAGES for entry in _read(page)),
        *(each for page in _CRI_PAGES for each in _read_cri(page)),
    ]
    return MappingProxyType({requirement.id: requirement for requirement in entries})


def lookup(id: str) -> Requirement:
    """The requirement of this id; an UnknownRequirement if there is none."""
    found = catalogue().get(id)
    if found is None:
        raise UnknownRequirement(id, nearest(id))
    return found


def nearest(asked: str) -> str | None:
    """The id that a mistyped one most likely stands for."""
    close = difflib.get_close_matches(asked, catalogue(), n=1, cutoff=0.5)
    return close[0] if close else None


def _read(page: str) -> Iterator[Requirement]:
    entries = tomllib.loads((_DATA / "oci" / f"{page}.toml").read_text(encoding="utf-8"))
    name = entries.pop("page")
    return (Requirement(id=key, page=name, **entry) for key, entry in entries.items())


def _read_cri(page: str) -> Iterator[Requirement]:
    entries = tomllib.loads((_DATA / "cri" / f"{page}.toml").read_text(encoding="utf-8"))
    return (Requirement(id=f"cri.{key}", specification=CRI, **entry) for key, entry in entries.items())


def _numbers(version: str) -> tuple[int, ...]:
    """1.2.1 as (1, 2, 1); a suffix such as -rc.1 or +dev is left out."""
    release = version.partition("-")[0].partition("+")[0]
    return tuple(int(part) for part in release.split("."))
