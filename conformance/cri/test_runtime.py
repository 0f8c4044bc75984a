"""Version, Status, RuntimeConfig and UpdateRuntimeConfig."""

from __future__ import annotations

import re

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.protocol import is_json
from conformance.harness.cri.scene import CriScene

#: As https://semver.org has it; servers write a v before it, and Debian its revision behind a tilde.
SEMVER = re.compile(r"v?\d+\.\d+(\.\d+)?([-+~].*)?")
CAMEL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")


@proved_by("cri-version-empty")
@musts("cri.version.api", "cri.version.name")
def test_version_tells_the_names(cri: CriScene) -> None:
    """Version tells the version of the API that it speaks and the name of the runtime."""
    told = cri.call("Version", version="v1")
    assert told.version
    assert told.runtime_name


@proved_by("cri-version-not-semantic")
@musts("cri.version.runtime-version", "cri.version.api-version")
def test_versions_are_semantic_versions(cri: CriScene) -> None:
    """The versions of the runtime and of its API have the form of semantic versions."""
    told = cri.call("Version")
    assert SEMVER.fullmatch(told.runtime_version)
    assert SEMVER.fullmatch(told.runtime_api_version) or re.fullmatch(r"v\d+", told.runtime_api_version)


@proved_by("cri-status-conditions-missing")
@musts("cri.status.runtime-ready", "cri.status.network-ready")
def test_status_has_the_conditions_that_the_kubelet_wants(cri: CriScene) -> None:
    """Status says whether the runtime and its network are ready, and here both are."""
    conditions = {each.type: each.status for each in cri.call("Status").status.conditions}
    assert {"RuntimeReady": conditions.get("RuntimeReady"), "NetworkReady": conditions.get("NetworkReady")} == {
        "RuntimeReady": True,
        "NetworkReady": True,
    }


@proved_by("cri-status-reason-sentence")
@musts("cri.status.reason")
def test_reasons_of_conditions_are_short_words(cri: CriScene) -> None:
    """The reason of a condition, where there is one, is a word in CamelCase."""
    reasons = [each.reason for each in cri.call("Status").status.conditions if each.reason]
    assert [reason for reason in reasons if not CAMEL_CASE.fullmatch(reason)] == []


@proved_by("cri-status-info-always")
@musts("cri.status.info.verbose")
def test_status_is_terse_unless_asked(cri: CriScene) -> None:
    """Status has extra information when it is asked to be verbose, and none otherwise."""
    assert dict(cri.call("Status", verbose=False).info) == {}


@proved_by("cri-status-info-not-json")
@musts("cri.status.info.json")
def test_verbose_status_is_json(cri: CriScene) -> None:
    """What a verbose Status adds is JSON."""
    for text in cri.call("Status", verbose=True).info.values():
        assert is_json(text)


@proved_by("cri-status-handlers-doubled")
@musts("cri.status.handlers.unique", "cri.status.handlers")
def test_handlers_have_names_of_their_own(cri: CriScene) -> None:
    """No two handlers that Status lists have the same name."""
    names = [each.name for each in cri.call("Status").runtime_handlers]
    assert sorted(set(names)) == sorted(names)


@proved_by("cri-status-handlers-default-missing")
@musts("cri.status.handlers.default", "cri.status.handlers")
def test_the_default_handler_has_an_empty_name(cri: CriScene) -> None:
    """Among the handlers that Status lists is the default one, with an empty name; sandboxes can name each of them."""
    names = {each.name for each in cri.call("Status").runtime_handlers}
    if not names:
        pytest.skip("unsupported: Status lists no handlers")
    assert "" in names
    config = cri.sandbox_config()
    made = cri.call("RunPodSandbox", config=config, runtime_handler="")
    assert cri.keep(Sandbox(cri, str(made.pod_sandbox_id), config)).status().status.runtime_handler in names


@proved_by("cri-status-features-missing")
@musts("cri.status.features")
def test_status_tells_the_features(cri: CriScene) -> None:
    """Status tells which features the server itself has, whatever the handler of a sandbox."""
    assert cri.call("Status").HasField("features")


@proved_by("cri-unknown-call-answered")
@musts("cri.unknown-call")
@pytest.mark.parametrize(
    "path", ["runtime.v1.RuntimeService/Sail", "runtime.v1.ImageService/Sail", "runtime.v0.Sea/Sail"]
)
def test_an_unknown_call_is_unimplemented(cri: CriScene, path: str) -> None:
    """A call that the API has not, of a known or an unknown service, is answered with UNIMPLEMENTED."""
    assert cri.node.client.raw("/runtime.v1.RuntimeService/Version").good
    assert cri.node.client.raw(f"/{path}").code == "UNIMPLEMENTED"


@proved_by("cri-runtime-config-unset")
@musts("cri.runtime-config", "cri.runtime-config.cgroup-driver")
def test_runtime_config_is_for_linux(cri: CriScene) -> None:
    """RuntimeConfig tells the settings of a runtime on Linux, the driver of cgroups among them."""
    assert cri.call("RuntimeConfig").HasField("linux")


@proved_by("cri-runtime-config-changing")
@musts("cri.runtime-config.static")
def test_runtime_config_stays_the_same(cri: CriScene) -> None:
    """RuntimeConfig tells the same whenever it is asked."""
    assert cri.call("RuntimeConfig") == cri.call("RuntimeConfig")


@proved_by("cri-update-runtime-config-refused")
@musts("cri.update-runtime-config", "cri.update-runtime-config.empty-cidr")
def test_update_of_the_runtime_config_is_taken(cri: CriScene) -> None:
    """UpdateRuntimeConfig without a range of pod addresses is accepted and changes nothing."""
    cri.call("UpdateRuntimeConfig", runtime_config={"network_config": {"pod_cidr": ""}})
    conditions = {each.type: each.status for each in cri.call("Status").status.conditions}
    assert conditions.get("NetworkReady")
