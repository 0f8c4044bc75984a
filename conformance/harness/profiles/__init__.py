"""One file per runtime: how it speaks, and what it declares that it does not do.

A profile is chosen by what ``--version`` prints.  ``unsupported`` maps versions of the runtime to patterns of
requirement ids, and those to the place where the runtime itself says so: a requirement that merely fails belongs into
``expectations/`` instead.
"""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from importlib import resources

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dialect of one runtime.

    ``version`` is a pattern with a group of that name; ``arguments`` are global flags that it always needs;
    ``crash`` are patterns in its output that mean that it panicked.  ``newest`` maps versions of the
    runtime to the newest version of the specification that they accept, for those that refuse newer ones.  ``claims``
    maps them to the version that they implement, where the command ``features`` says it wrongly or is missing;
    ``ahead`` to patterns of requirements of later versions that they meet all the same.  ``lacking`` maps versions to
    what tests may rely on and this runtime has not, and that to the reason: "host-kernel", that the program is a
    process of the host, in namespaces that the host sees; "hook.KIND", that hooks of a kind are run.
    """

    name: str
    version: str
    crash: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    unsupported: dict[str, dict[str, str]] = {}
    newest: dict[str, str] = {}
    claims: dict[str, str] = {}
    ahead: dict[str, tuple[str, ...]] = {}
    lacking: dict[str, dict[str, str]] = {}

    def claimed_spec(self, version: str) -> str:
        """The newest release of the specification that the runtime implements, by its profile; "" if that is silent."""
        return next((spec for versions, spec in self.claims.items() if is_in(version, versions)), "")

    def does(self, requirement: str, version: str) -> bool:
        """Whether this version of the runtime does more than its claims say, where this requirement is concerned."""
        patterns = [pattern for versions, found in self.ahead.items() if is_in(version, versions) for pattern in found]
        return any(fnmatchcase(requirement, pattern) for pattern in patterns)

    def newest_spec(self, version: str) -> str:
        """The newest version of the specification that this version of the runtime accepts; "" when it takes any."""
        return next((spec for versions, spec in self.newest.items() if is_in(version, versions)), "")

    def declines(self, requirement: str, version: str) -> str | None:
        """Why this version of the runtime does not claim to meet a requirement, or None when it does."""
        for versions, declined in self.unsupported.items():
            for pattern, reason in declined.items():
                if is_in(version, versions) and fnmatchcase(requirement, pattern):
                    return reason
        return None

    def lacks(self, need: str, version: str) -> str | None:
        """Why this version of the runtime has not what a test needs of it, or None when it has."""
        found = (
            reasons[need] for versions, reasons in self.lacking.items() if need in reasons and is_in(version, versions)
        )
        return next(found, None)

    def crashed(self, output: str) -> bool:
        """Whether a command's output shows that the runtime itself broke down."""
        return any(re.search(pattern, output, re.MULTILINE) for pattern in self.crash)


def is_in(version: str, specifiers: str) -> bool:
    """Whether a version of a runtime is in a set such as ">=1.1,<1.3"; one that is no version is in the empty set."""
    try:
        return not specifiers or SpecifierSet(specifiers, prereleases=True).contains(Version(version))
    except InvalidVersion:
        return False


def profiles() -> list[Profile]:
    """Every profile, the generic one last."""
    files = [file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")]
    known = [msgspec.convert(tomllib.loads(file.read_text()), Profile) for file in files]
    return sorted(known, key=lambda profile: (profile.name == "generic", profile.name))


def profile_for(version_output: str) -> tuple[Profile, str]:
    """The profile that knows what ``--version`` printed, and the version found in it ("" when there is none)."""
    for profile in profiles():
        found = re.search(profile.version, version_output, re.MULTILINE)
        if found:
            return profile, found["version"]
    return profiles()[-1], ""
