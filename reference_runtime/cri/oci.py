"""The OCI runtime below, by its command line.

Containers are created by their monitors; what needs no streams is called from here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import tempfile
from typing import Any

from reference_runtime.cri.errors import Failed, Unusable

#: No operation of a healthy runtime takes longer, in seconds.
_PATIENCE = 60.0


@dataclasses.dataclass(frozen=True)
class Runtime:
    """A handler: its name, the words that start it, the folder for its state."""

    name: str
    argv: tuple[str, ...]
    root: str

    def call(self, *words: str, given: str = "") -> str:
        """What an operation says on standard output.  Failed with the runtime's own words when it refuses."""
        argv = [*self.argv, "--root", self.root, *words]
        try:
            done = subprocess.run(
                argv, input=given, capture_output=True, text=True, timeout=_PATIENCE, check=False, errors="replace"
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} {words[0]} did not end within {_PATIENCE:.0f} seconds") from None
        except OSError as problem:
            raise Failed(f"{self.name} can not be started: {problem}") from None
        if done.returncode:
            raise Failed(f"{self.name} {words[0]}: {_reason(done.stderr) or f'exit status {done.returncode}'}")
        return done.stdout

    def start(self, container_id: str) -> None:
        """Runs the program of a created container."""
        self.call("start", container_id)

    def kill(self, container_id: str, signal: str) -> None:
        """Sends a signal; one that comes too late is no failure."""
        with contextlib.suppress(Failed):
            self.call("kill", container_id, signal)

    def delete(self, container_id: str) -> None:
        """Removes a container, whatever its state, if it is there."""
        if not os.path.isdir(os.path.join(self.root, container_id)):
            return
        self.call("delete", "--force", container_id)

    def update(self, container_id: str, resources: dict[str, Any]) -> None:
        """Changes limits."""
        self.call("update", "--resources", "-", container_id, given=json.dumps(resources))

    def features(self) -> dict[str, Any]:
        """What the runtime says that it supports; nothing when it says nothing."""
        try:
            told = json.loads(self.call("features"))
        except (Failed, ValueError):
            return {}
        return told if isinstance(told, dict) else {}


def maps_users(features: dict[str, Any]) -> bool:
    """Whether a runtime has user namespaces as Kubernetes wants them: with mounts that are mapped, too."""
    linux = features.get("linux") or {}
    mapped = (linux.get("mountExtensions") or {}).get("idmap") or {}
    return "user" in (linux.get("namespaces") or []) and bool(mapped.get("enabled"))


def demand(argv: tuple[str, ...]) -> None:
    """Makes sure that a runtime can be started.  Unusable when not."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            Runtime(argv[-1], argv, folder).call("--version")
        except Failed as problem:
            raise Unusable(f"--runtime {argv[-1]}: {problem}") from None


def _reason(text: str) -> str:
    """The last line of what a runtime has complained about."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
