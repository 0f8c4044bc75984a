"""The calls of RuntimeService that tell how much is used."""

from __future__ import annotations

from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import metrics
from reference_runtime.cri.errors import Invalid
from reference_runtime.cri.parts import Parts
from reference_runtime.cri.stats import Stats


class StatsService:
    """Stats and metrics."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._node = parts.node
        self._stats = Stats(parts.node)

    def container_stats(self, request: Any, _: Any) -> Any:
        """The stats of one container, whatever its state."""
        if not request.container_id:
            raise Invalid("the id is empty")
        container = self._node.containers.need(request.container_id)
        return api_pb2.ContainerStatsResponse(stats=self._stats.container(container))

    def list_container_stats(self, request: Any, _: Any) -> Any:
        """The stats of the running containers that a filter lets through."""
        return api_pb2.ListContainerStatsResponse(stats=self.stream_container_stats(request))

    def stream_container_stats(self, request: Any) -> list[Any]:
        """As list_container_stats."""
        return self._stats.containers(request.filter)

    def pod_sandbox_stats(self, request: Any, _: Any) -> Any:
        """The stats of one sandbox."""
        if not request.pod_sandbox_id:
            raise Invalid("the id is empty")
        sandbox = self._node.sandboxes.need(request.pod_sandbox_id)
        return api_pb2.PodSandboxStatsResponse(stats=self._stats.sandbox(sandbox))

    def list_pod_sandbox_stats(self, request: Any, _: Any) -> Any:
        """The stats of the sandboxes that a filter lets through."""
        return api_pb2.ListPodSandboxStatsResponse(stats=self.stream_pod_sandbox_stats(request))

    def stream_pod_sandbox_stats(self, request: Any) -> list[Any]:
        """As list_pod_sandbox_stats."""
        return self._stats.sandboxes(request.filter)

    def list_metric_descriptors(self, _: Any, __: Any) -> Any:
        """Which metrics there are."""
        return api_pb2.ListMetricDescriptorsResponse(descriptors=metrics.descriptors())

    def list_pod_sandbox_metrics(self, _: Any, __: Any) -> Any:
        """The metrics of every sandbox."""
        return api_pb2.ListPodSandboxMetricsResponse(pod_metrics=metrics.of_pods(self._node))

    def stream_pod_sandbox_metrics(self, _: Any) -> list[Any]:
        """As list_pod_sandbox_metrics."""
        return metrics.of_pods(self._node)
