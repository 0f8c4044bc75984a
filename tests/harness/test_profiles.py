"""Which profile a runtime gets, what its version is, and what the profile says of it."""

import pytest

from conformance.harness.profiles import Profile, is_in, profile_for, profiles

PROFILE = Profile(
    name="sloop",
    version="x",
    unsupported={"<2": {"memory.*": "no memory"}, ">=2": {"pids.*": "no processes"}},
    lacking={"<2": {"host-kernel": "a kernel of its own"}},
    claims={"<2": "1.0.2", "": "1.2.0"},
    ahead={"<2": ("seccomp.*",)},
    newest={"<2": "1.1.0"},
)


@pytest.mark.parametrize(
    ("output", "name", "version"),
    [
        ("runc version 1.1.5+ds1\ncommit: 1\nspec: 1.0.2-dev\n", "runc", "1.1.5+ds1"),
        ("crun version 1.8.1\ncommit: f8a\n", "crun", "1.8.1"),
        ("runsc version 0.0~20221219.0\nspec: 1.0.2-dev\n", "runsc", "20221219.0"),
        ("runsc version release-20240729.0\nspec: 1.1.0-rc.1\n", "runsc", "20240729.0"),
        ("youki version 0.5.3\n", "generic", "0.5.3"),
        ("no version at all", "generic", ""),
    ],
)
def test_what_version_prints_decides_about_the_profile(output: str, name: str, version: str) -> None:
    """The name of the profile and the version are found, however the packager writes it."""
    profile, found = profile_for(output)
    assert (profile.name, found) == (name, version)


@pytest.mark.parametrize(
    ("version", "specifiers", "expected"),
    [
        ("1.1.5+ds1", ">=1.1,<1.2", True),
        ("1.2.0-rc.1", "<1.2", False),
        ("20221219.0", "<20240101", True),
        ("20240729.0", ">=20230101", True),
        ("unreadable", ">=0", False),
        ("unreadable", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, specifiers: str, expected: bool) -> None:
    """Parts of a version are numbers; what is no version is only among all versions."""
    assert is_in(version, specifiers) is expected


def test_a_profile_speaks_of_versions() -> None:
    """What is said of some versions is not said of others."""
    assert PROFILE.declines("memory.limit", "1.9") == "no memory"
    assert PROFILE.declines("memory.limit", "2.0") is None
    assert PROFILE.declines("pids.limit", "2.0") == "no processes"
    assert (PROFILE.lacks("host-kernel", "1.9"), PROFILE.lacks("host-kernel", "2.0")) == ("a kernel of its own", None)
    assert PROFILE.lacks("anything", "1.9") is None
    assert (PROFILE.claimed_spec("1.9"), PROFILE.claimed_spec("2.0")) == ("1.0.2", "1.2.0")
    assert (PROFILE.newest_spec("1.9"), PROFILE.newest_spec("2.0")) == ("1.1.0", "")
    assert PROFILE.does("seccomp.errno", "1.9") and not PROFILE.does("seccomp.errno", "2.0")


@pytest.mark.parametrize("profile", profiles(), ids=lambda profile: profile.name)
def test_every_profile_has_reasons(profile: Profile) -> None:
    """Whatever a runtime is excused from, its profile says why."""
    excuses = [
        reason
        for table in (profile.unsupported, profile.lacking)
        for said in table.values()
        for reason in said.values()
    ]
    assert all(len(reason) > 10 for reason in excuses)
