"""Versions as SemVer 2.0.0 writes and orders them, without regular expressions: their import costs too much."""

from __future__ import annotations

from reference_runtime.constants import OCI_VERSION, OCI_VERSION_MIN
from reference_runtime.errors import SpecError


def check_version(version: str) -> None:
    """Accepts the versions that the implemented one is compatible with (config.md, "Specification version")."""
    numbers, candidate = parse(version)
    least, most = parse(OCI_VERSION_MIN)[0], parse(OCI_VERSION)[0]
    before_least = numbers < least or (numbers == least and candidate)
    if before_least or numbers[:2] > most[:2]:
        raise SpecError(
            f"ociVersion: {version} is not between {OCI_VERSION_MIN} and {OCI_VERSION}, which are supported"
        )


def parse(version: str) -> tuple[tuple[int, ...], bool]:
    """The three numbers, and whether it is a pre-release."""
    rest, _, build = version.partition("+")
    core, dash, candidate = rest.partition("-")
    numbers = core.split(".")
    good = len(numbers) == 3 and all(_is_number(word) for word in numbers)
    good = good and (not dash or all(_is_name(word, True) for word in candidate.split(".")))
    good = good and ("+" not in version or all(_is_name(word, False) for word in build.split(".")))
    if not good:
        raise SpecError(f"ociVersion: {version!r} is not a version in the format of SemVer 2.0.0")
    return tuple(int(word) for word in numbers), bool(dash)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and (word == "0" or word[0] != "0") and len(word) < 20


def _is_name(word: str, strict: bool) -> bool:
    """An identifier after the numbers; before the build no number may begin with a zero."""
    letters = word.replace("-", "a")
    if not (letters.isascii() and letters.isalnum()):
        return False
    return not strict or not word.isdigit() or word == "0" or word[0] != "0"
