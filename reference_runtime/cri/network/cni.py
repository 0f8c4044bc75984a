"""Networks by CNI plugins (https://www.cni.dev/docs/spec/): the first list in a folder, as container runtimes do."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from reference_runtime.cri.errors import Failed
from reference_runtime.cri.network import devices, namespaces
from reference_runtime.cri.network.bridge import DEVICE
from reference_runtime.rtnetlink import set_up

_SUFFIXES = (".conf", ".conflist", ".json")
_PATIENCE = 60.0


class Cni:
    """The plugins of one list."""

    def __init__(self, conf: str, programs: str) -> None:
        self._conf = conf
        self._programs = programs

    @property
    def ready(self) -> str:
        """Why no sandbox can get a network; empty when it can."""
        try:
            self._list()
        except (Failed, OSError, ValueError, KeyError) as problem:
            return str(problem)
        return ""

    def add(self, sandbox_id: str, netns: str, ports: list[dict[str, Any]]) -> list[str]:
        """Calls every plugin in order; the addresses that they gave."""
        namespaces.inside(netns, lambda: set_up(devices.index("lo")))
        name, version, plugins = self._list()
        result: dict[str, Any] = {}
        for plugin in plugins:
            result = self._call("ADD", sandbox_id, netns, self._document(name, version, plugin, result, ports))
        return [entry["address"].partition("/")[0] for entry in result.get("ips", [])]

    def remove(self, sandbox_id: str, netns: str, ports: list[dict[str, Any]]) -> None:
        """Calls every plugin in reverse."""
        name, version, plugins = self._list()
        for plugin in reversed(plugins):
            self._call("DEL", sandbox_id, netns, self._document(name, version, plugin, {}, ports))

    def vanish(self) -> None:
        """What plugins have made beside sandboxes is theirs."""

    def _list(self) -> tuple[str, str, list[dict[str, Any]]]:
        """Name, version and plugins of the first configuration."""
        names = sorted(name for name in os.listdir(self._conf) if name.endswith(_SUFFIXES))
        if not names:
            raise Failed(f"there is no network configuration in {self._conf}")
        with open(os.path.join(self._conf, names[0]), encoding="utf-8") as file:
            document = json.load(file)
        return document["name"], document.get("cniVersion", "0.3.1"), document.get("plugins") or [document]

    def _document(
        self, name: str, version: str, plugin: dict[str, Any], before: dict[str, Any], ports: list[dict[str, Any]]
    ) -> dict[str, Any]:
        document = {**plugin, "name": name, "cniVersion": version}
        if before:
            document["prevResult"] = before
        if plugin.get("capabilities", {}).get("portMappings") and ports:
            document["runtimeConfig"] = {"portMappings": ports}
        return document

    def _call(self, command: str, sandbox_id: str, netns: str, document: dict[str, Any]) -> dict[str, Any]:
        environment = {
            **os.environ,
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": sandbox_id,
            "CNI_NETNS": netns,
            "CNI_IFNAME": DEVICE,
            "CNI_PATH": self._programs,
            "CNI_ARGS": "IgnoreUnknown=1",
        }
        plugin = os.path.join(self._programs, str(document["type"]))
        try:
            done = subprocess.run(
                [plugin],
                env=environment,
                input=json.dumps(document),
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise Failed(f"CNI plugin {plugin}: {problem}") from None
        if done.returncode:
            raise Failed(f"CNI plugin {document['type']} {command}: {done.stdout.strip() or done.stderr.strip()}")
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        return answer
