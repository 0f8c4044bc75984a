"""Which records a list is to show: the fields of a filter are combined with AND."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri import faults
from reference_runtime.cri.records import Container, Sandbox


def matches_labels(kind: str, selector: Any, labels: Any) -> bool:
    """Whether all labels asked for are there with their values."""
    enough = any if selector and faults.has(f"cri-list-{kind}-labels-any") else all
    return enough(labels.get(name) == value for name, value in selector.items())


def sandboxes(found: list[Sandbox], asked: Any) -> list[Sandbox]:
    """The sandboxes that a PodSandboxFilter or PodSandboxStatsFilter lets through."""
    kept = [each for each in found if each.id.startswith(asked.id)]
    if "state" in asked.DESCRIPTOR.fields_by_name and asked.HasField("state"):
        kept = [each for each in kept if each.ready == (asked.state.state == 0)]
    return [each for each in kept if matches_labels("sandboxes", asked.label_selector, each.config.labels)]


def containers(found: list[Container], asked: Any) -> list[Container]:
    """The containers that a ContainerFilter or ContainerStatsFilter lets through."""
    kept = [each for each in found if each.id.startswith(asked.id)]
    kept = [each for each in kept if each.sandbox_id.startswith(asked.pod_sandbox_id)]
    if "state" in asked.DESCRIPTOR.fields_by_name and asked.HasField("state"):
        kept = [each for each in kept if each.state == asked.state.state]
    return [each for each in kept if matches_labels("containers", asked.label_selector, each.config.labels)]
