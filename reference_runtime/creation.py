"""The runtime's side of ``create``: it starts the processes of ``stage``, and undoes everything if one step fails."""

from __future__ import annotations

import os
import time

from reference_runtime import bundle, documents, faults, libc, messages
from reference_runtime.cgroups import open_cgroup
from reference_runtime.compiler import compile_plan, execute
from reference_runtime.errors import RuntimeFault
from reference_runtime.hooks import run_hooks
from reference_runtime.link import HookFault, pair
from reference_runtime.ops import namespaces
from reference_runtime.run import Run
from reference_runtime.stage import Stage, fork_into
from reference_runtime.store import ANSWER_FIFO, START_FIFO, Container, birth
from reference_runtime.undoing import destroy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.compiler import Plan
    from reference_runtime.run import Settings


def prepare(container_id: str, settings: Settings) -> tuple[Run, Plan]:
    """Everything that can be said about a container before anything is changed."""
    config = bundle.load(settings.bundle)
    run = Run(container_id, config, settings)
    run.rootfs = bundle.rootfs_of(settings.bundle, config)
    run.cgroup = open_cgroup(run.linux.get("cgroupsPath"), container_id)
    plan = compile_plan(run)
    for warning in run.warnings:
        messages.warn(warning)
    return run, plan


def create(container: Container, settings: Settings, pid_file: str = "") -> None:
    """Creates a container, which then waits for ``start``.  After an error nothing of it is left."""
    run, plan = prepare(container.id, settings)
    if run.process.get("terminal") and settings.console < 0:
        raise RuntimeFault("process.terminal: a terminal needs a --console-socket to be handed to")
    namespaces.open_files(run)
    container.create()
    try:
        _Creation(container, run, plan).execute()
        if pid_file and not faults.has("pid-file-missing"):
            write_pid(pid_file, os.getpid() if faults.has("pid-file-wrong") else container.pid)
    except BaseException as problem:
        if not faults.has("failed-create-keeps-everything"):
            container.free_descriptors()
            destroy(container, hooks=isinstance(problem, HookFault))
        raise
    container.unlock()


def write_pid(path: str, pid: int) -> None:
    """Writes a process id in one step."""
    if faults.has("pid-file-failure-ignored") and not os.path.isdir(os.path.dirname(path)):
        return
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="ascii") as file:
        file.write(str(pid))
    os.rename(temporary, path)


class _Creation:
    """One creation: ``execute`` leads both sides through it, step by step."""

    def __init__(self, container: Container, run: Run, plan: Plan) -> None:
        self.container = container
        self.run = run
        self.plan = plan

    def execute(self) -> None:
        self._record()
        libc.adopt_orphans()
        self.run.cgroup.create()
        child = self._fork()
        end = self.run.end()
        self._lead_out(child)
        execute(self.plan["network"])
        end.expect("mounted")
        execute(self.plan["limits"])
        for kind in ("prestart", "createRuntime"):
            run_hooks(self.run.config, kind, self.container.state("creating"))
        end.tell("enter")
        end.expect("created")
        self.container.document["status"] = "created"
        self.container.save()
        end.tell("wait")
        end.close()

    def _record(self) -> None:
        """Writes down at once what must be undone if this process is killed."""
        config, settings = self.run.config, self.run.settings
        document: dict[str, Any] = {
            "id": self.container.id,
            "status": "creating",
            "creator": [os.getpid(), birth(os.getpid())],
            "bundle": settings.bundle,
            "rootfs": self.run.rootfs,
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "annotations": config.get("annotations", {}),
            "uid": os.geteuid(),
        }
        if self.run.namespace("mount") != "":
            document["mounted"] = self.run.rootfs
            document["mounted_in"] = self.run.namespace("mount") or ""
        documents.write(self.container.file("config.json"), config)
        document["cgroup"] = self.run.cgroup.to_json() | {"made": self.run.cgroup.missing()}
        document["freezer"] = _freezer_file(self.run.cgroup)
        self.container.document = document
        self.container.save()

    def _fork(self) -> int:
        """Starts the first process of the other side."""
        here, there = pair()
        fifos = self._fifos()
        self.run.link = there
        stage = Stage(self.run, self.plan, self.container, fifos)
        child = fork_into(stage.leave, there, (here.reader, here.writer))
        self.run.link = here
        there.close()
        for descriptor in (*fifos, *self.run.descriptors.values()):
            os.close(descriptor)
        return child

    def _fifos(self) -> tuple[int, int]:
        """Makes the fifos of ``start`` and opens both ends of each, so that neither side ever waits for an opener."""
        descriptors = []
        for name in (START_FIFO, ANSWER_FIFO):
            os.mkfifo(self.container.file(name), 0o600)
            descriptors.append(os.open(self.container.file(name), os.O_RDWR))
        return descriptors[0], descriptors[1]

    def _lead_out(self, child: int) -> None:
        """Takes the first process through its namespaces, until it has started the second."""
        end, document = self.run.end(), self.container.document
        document["pid"], document["birth"] = child, birth(child)
        if not faults.has("cgroup-not-joined"):
            self.run.cgroup.join(child)
        end.tell("grouped")
        if self.run.namespace("user") == "":
            end.expect("map")
            namespaces.write_mappings(self.run, child)
            end.tell("mapped")
        pid = int(end.expect("pid"))
        os.waitpid(child, 0)
        document["pid"], document["birth"] = pid, birth(pid)
        self.run.pid = pid
        self.container.save()


def _freezer_file(cgroup: Any) -> str:
    """The file that tells whether the group is frozen."""
    if "freezer" in cgroup.paths:
        return os.path.join(cgroup.paths["freezer"], "freezer.state")
    return os.path.join(cgroup.unified, "cgroup.freeze") if cgroup.unified else ""
