"""What a violation by a CRI server leaves behind: the requests in crictl's YAML, and the steps as crictl commands.

``run.sh`` repeats those calls that crictl knows, on a server that has the suite's images.  It can only show: whether
the answers are right is told in README.md.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from conformance.harness.cri.journal import CriJournal, Exchange

if TYPE_CHECKING:
    from conformance.harness.cri.server import Server
    from conformance.harness.reproduction import Story

HEAD = """\
#!/bin/sh
# {title}
#
# Repeats the calls with crictl; README.md tells which answer is wrong, and calls.yaml has every request and answer.
#   seatrial images export images.tar && ctr -n k8s.io images import images.tar    # or podman load, for CRI-O
#   sh run.sh [SOCKET]
crictl() {{ command crictl --runtime-endpoint "${{socket}}" --image-endpoint "${{socket}}" "$@"; }}
socket=${{1:-{address}}}
here=$(dirname "$0")
set -x
"""
#: Calls that take one id, and crictl's word for them.
SIMPLE = {
    "StopPodSandbox": "stopp",
    "RemovePodSandbox": "rmp",
    "PodSandboxStatus": "inspectp",
    "StartContainer": "start",
    "RemoveContainer": "rm -f",
    "ContainerStatus": "inspect",
    "ContainerStats": "stats --id",
    "PodSandboxStats": "statsp --id",
}
WITHOUT_ID = {
    "Version": "version",
    "Status": "info",
    "ListPodSandbox": "pods -v",
    "ListContainers": "ps -a -v",
    "ListImages": "images -v",
    "ImageFsInfo": "imagefsinfo",
    "ListPodSandboxStats": "statsp",
    "ListContainerStats": "stats -a",
    "RuntimeConfig": "runtime-config",
    "ListMetricDescriptors": "metricdescs",
    "ListPodSandboxMetrics": "metricsp",
}


def write_cri_reproduction(folder: Path, story: Story, server: Server, journal: CriJournal) -> Path:
    """Write the folder, in the place of an older one of the same name; returns the path of its ``run.sh``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    calls = [_as_document(step) for step in journal.steps]
    (folder / "calls.yaml").write_text(_yaml(calls))
    script = folder / "run.sh"
    steps = Steps(folder)
    lines = [steps.line(step) for step in journal.steps]
    script.write_text(HEAD.format(title=story.sentence, address=server.address) + "\n".join(lines) + "\n")
    script.chmod(0o755)
    requirements = "".join(f"- {line}\n" for line in story.requirements)
    (folder / "README.md").write_text(
        f"# {story.test}\n\n{story.sentence}\n\nRequirements:\n\n{requirements}\nServer: {server.describe()}\n\n"
        f"What was seen:\n\n```\n{story.reason}\n```\n\n"
        "`calls.yaml` has the calls with their answers in order, `run.sh` repeats them with crictl.\n"
    )
    return script


class Steps:
    """Makes lines of shell from calls, and writes the configs that they name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, str] = {}

    def line(self, step: Exchange) -> str:
        """One call as a line of shell; a comment when crictl has no word for it."""
        request = step.request
        if step.method == "RunPodSandbox":
            return self._made("sandbox", step, f"runp {self._handler(request)}{{}}", request.get("config", {}))
        if step.method == "CreateContainer":
            pod = self._file("pod", request.get("sandbox_config", {}))
            sandbox = self._name(request.get("pod_sandbox_id", ""))
            return self._made("container", step, f"create --no-pull {sandbox} {{}} {pod}", request.get("config", {}))
        if step.method in SIMPLE:
            return f"crictl {SIMPLE[step.method]} {self._name(next(iter(request.values()), ''))}"
        if step.method in WITHOUT_ID:
            return f"crictl {WITHOUT_ID[step.method]}"
        return self._other(step.method, request)

    def _other(self, method: str, request: dict[str, Any]) -> str:
        container = self._name(request.get("container_id", ""))
        image = (
            shlex.quote(request.get("image", {}).get("image", "")) if isinstance(request.get("image"), dict) else "''"
        )
        if method == "StopContainer":
            return f"crictl stop --timeout {request.get('timeout', 0)} {container}"
        if method == "ExecSync":
            words = shlex.join(request.get("cmd", []))
            return f"crictl exec -s --timeout {request.get('timeout', 0)} {container} {words}"
        if method in {"PullImage", "RemoveImage", "ImageStatus"}:
            word = {"PullImage": "pull", "RemoveImage": "rmi", "ImageStatus": "inspecti"}[method]
            return f"crictl {word} {image}"
        if method == "ReopenContainerLog":
            return f"crictl logs --reopen {container}"
        return f"# {method} {request}".replace("\n", " ")

    def _made(self, kind: str, step: Exchange, command: str, config: dict[str, Any]) -> str:
        file = self._file(kind, config)
        variable = f"{kind}_{len(self.names) + 1}"
        if step.code == "OK" and isinstance(step.answer, dict):
            self.names[str(next(iter(step.answer.values()), ""))] = variable
        return f"{variable}=$(crictl {command.format(file)})"

    def _file(self, kind: str, config: dict[str, Any]) -> str:
        text = _yaml(config)
        for path in self.folder.glob(f"{kind}-*.yaml"):
            if path.read_text() == text:
                return f'"$here"/{path.name}'
        path = self.folder / f"{kind}-{len(list(self.folder.glob(f'{kind}-*.yaml'))) + 1}.yaml"
        path.write_text(text)
        return f'"$here"/{path.name}'

    def _name(self, id: Any) -> str:
        known = self.names.get(str(id))
        return f'"${known}"' if known else shlex.quote(str(id))

    def _handler(self, request: dict[str, Any]) -> str:
        handler = request.get("runtime_handler")
        return f"--runtime {shlex.quote(handler)} " if handler else ""


def _as_document(step: Exchange) -> dict[str, Any]:
    answer = {"answer": step.answer} if step.code == "OK" else {"code": step.code, "message": step.text}
    return {"call": step.method, "request": step.request, **answer, "seconds": round(step.seconds, 3)}


def _yaml(document: Any) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
