"""Lets a disaster happen to one container while another one looks on, and asks what came of both.

What is demanded, whatever the disaster: the runtime still answers, the other container feels nothing, ``delete
--force`` leaves nothing behind when it says that it succeeded, and then the id can be used again.  An operation that is
an error although the runtime was not killed must besides have changed nothing.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.fuzz.machine.oracles import BystanderHurt, LifecycleBroken, NotClean, StateWrong
from conformance.harness.errors import Crashed, Violation
from conformance.harness.journal import Step
from conformance.harness.scene import PATIENCE
from conformance.harness.state import read_state
from strategies.edits import cgroups_path, do, hook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.harness.container import Completed, Container
    from conformance.harness.scene import Scene
    from conformance.harness.trial import Running
    from strategies.disasters import Disaster

#: The state that an operation starts from, and those that it may leave when it is cut short; "" is no container.
BEFORE = {"create": "", "start": "created", "delete": "stopped", "delete --force": "running"}
CUT_SHORT = {
    "create": {"", "creating", "created", "stopped"},
    "start": {"created", "running", "stopped"},
    "delete": {"", "stopped"},
    "delete --force": {"", "running", "stopped"},
}
DONE = {"create": "created", "start": "running", "delete": "", "delete --force": ""}
#: Disasters that the state folder suffers; it is a small filesystem of its own then.
_FOLDER = {
    "full": 'set -- $(stat -f -c "%b %f" "$STATE"); mount -o remount,size=$((($1 - $2 + {amount}) * 4096)) "$STATE"',
    "inodes": 'set -- $(stat -f -c "%c %d" "$STATE"); mount -o remount,nr_inodes=$(($1 - $2 + {amount})) "$STATE"',
    "read-only": 'mount -o remount,ro "$STATE"',
}
_SMALL = 'mkdir -p "$STATE"; mount -t tmpfs -o size=16m,nr_inodes=4096,mode=755 seatrial "$STATE"'
_CURED = 'mount -o remount,rw,size=16m,nr_inodes=4096 "$STATE"'
#: What a hook of the victim does to the runtime that runs it, once the operation that is to be disturbed has begun.
_MURDER = "cat >/dev/null; [ ! -e {folder}/armed ] || kill -KILL $PPID"


def suffer(scene: Scene, disaster: Disaster) -> None:
    """Let it happen.  Raises a ``Violation`` for what the runtime is to blame for."""
    _Theatre(scene, disaster).play()


@dataclass
class _Moment:
    """When to strike: a condition for a shell, and the same for us."""

    shell: str
    holds: Callable[[], bool]


class _Theatre:
    """One disaster with its two containers."""

    def __init__(self, scene: Scene, disaster: Disaster) -> None:
        self.scene, self.disaster = scene, disaster
        self.name = f"victim-{scene.trial.next_number()}"
        self.victim = self._container()
        self.bystander = scene.container(do("wait"))
        if disaster.kind in _FOLDER:
            self.bystander.prepare(_SMALL)
        self.bystander.create()
        self.before = scene.snapshot()

    def _container(self) -> Container:
        victim = self.scene.container(cgroups_path(f"/{self.name}"), do("wait"), name=self.name)
        kind, _, name = self.disaster.moment.partition(" ")
        if kind == "hook":
            script = _MURDER.format(folder=victim.bundle.folder)
            victim.reconfigure(hook(name, "/bin/sh", args=["sh", "-c", script]))
        return victim

    def play(self) -> None:
        """All of it, up to an empty stage."""
        self._bring()
        self._arrange("touch armed", self.disaster.amount)
        done = self._operate()
        self._arrange("rm -f armed")
        self._judge(done)
        self._judge_bystander()
        self._remove()
        self._use_again()
        self.bystander.start()
        self.bystander.delete("--force")
        self.bystander.remove()
        if self.scene.left_behind():  # and delete --force did say so
            self.scene.start_over()

    def _bring(self) -> None:
        """Bring the victim to the state that the operation starts from."""
        state = BEFORE[self.disaster.operation]
        if state:
            self.victim.create()
        if state in {"running", "stopped"}:
            self.victim.start()
            self.victim.until_waiting()
        if state == "stopped":
            self.victim.kill("KILL")
            self.victim.wait()
            self.victim.until_status("stopped")

    # The disaster ------------------------------------------------------------------------------------------------

    def _arrange(self, hooks: str, amount: int | None = None) -> None:
        """Lay the disaster out, or without an amount make good again what the state folder suffered."""
        if self.disaster.kind in _FOLDER:
            script = _CURED if amount is None else _FOLDER[self.disaster.kind].format(amount=amount)
            self.scene.prepare(script, str(self.bystander.bundle.folder))
        if self.disaster.moment.startswith("hook"):
            self.victim.prepare(hooks)

    def _operate(self) -> Completed:
        """Do the operation while it happens."""
        disaster = self.disaster
        under = f"ulimit -n {disaster.amount}" if disaster.kind == "descriptors" else ""
        running, end = self._begin(under)
        if disaster.kind not in {"killed", "held"} or disaster.moment.startswith("hook"):
            done = end()
            self.scene.journal.add(Step("call", tuple(done.argv), done.exit_status, done.output))
            return done
        self.scene.journal.add(Step("call", tuple(running.argv), background=True))
        self._strike(running.pid)
        done = end()
        self.scene.journal.add(Step("awaited", ()))
        self.scene.journal.saw("status", str(done.exit_status))
        return done

    def _begin(self, under: str) -> tuple[Running, Callable[[], Completed]]:
        """Begin the operation: what runs, and what waits for its end."""
        operation, *flags = self.disaster.operation.split()
        if operation == "create":
            running = self.victim.begin_create(under=under)
            return running, lambda: self.victim.end_create(running, disturbed=True)
        begun = self.scene.begin(operation, *flags, self.name, under=under)
        return begun.running, lambda: begun.end(disturbed=True)

    def _signal(self) -> str:
        return "KILL" if self.disaster.kind == "killed" else "STOP"

    def _strike(self, pid: int) -> None:
        """Send the signal at the moment, if the operation has not ended before it."""
        moment = self._moment()
        deadline = time.monotonic() + self.scene.timeout
        while not moment.holds() and self.scene.trial.alive(pid) and time.monotonic() < deadline:
            pass
        self.scene.trial.signal(pid, signal.Signals[f"SIG{self._signal()}"])
        self.scene.journal.add(Step("strike", (self._signal(),), text=moment.shell))
        if self.disaster.kind == "held":
            try:
                self._judge_bystander()
            finally:
                self.scene.trial.signal(pid, signal.SIGCONT)
                self.scene.journal.add(Step("strike", ("CONT",), text="true"))

    def _moment(self) -> _Moment:
        """The moment of the disaster."""
        group = self._cgroup()
        moments = {
            "state": _file(self.scene.state_folder / self.name, f'[ -e "$STATE/{self.name}" ]'),
            "cgroup": _file(group, f"[ -e /sys/fs/cgroup/{group.parent.name}/{self.name} ]"),
            "cgroup gone": _no_file(group, f"[ ! -e /sys/fs/cgroup/{group.parent.name}/{self.name} ]"),
            "pid file": _file(self.victim.pid_file, '[ -e "$work/1.pid" ]'),
            "program": _Moment('[ -s "$work/1.stdout" ]', lambda: self.victim.printed() != ""),
        }
        if self.disaster.moment:
            return moments[self.disaster.moment]
        end = time.monotonic() + self.disaster.amount / 1e6
        return _Moment(f"sleep {self.disaster.amount / 1e6:.6f}", lambda: time.monotonic() > end)

    def _cgroup(self) -> Path:
        """The victim's cgroup in one hierarchy."""
        return self.scene.trial.cgroup_folder("" if self.scene.trial.is_unified else "memory", f"/{self.name}")

    # What must then be seen --------------------------------------------------------------------------------------

    def _judge(self, done: Completed) -> None:
        """Hold the answer, and the state afterwards, against what may be."""
        disaster = self.disaster
        what = disaster.describe()
        was_killed = disaster.kind == "killed"
        if done.exit_status < 0 and not was_killed:
            raise Crashed(f"{what}: the runtime was killed by signal {-done.exit_status}")
        if done.exit_status > 0 and not done.output.strip():
            raise LifecycleBroken(f"{what}: it was refused without a word about why")
        if done.exit_status != 0 and disaster.kind == "held":
            raise LifecycleBroken(f"{what}: it was refused", done.output.strip()[-500:], _due(disaster.operation))
        status = self._status(self.name)
        if done.exit_status == 0:
            wanted, requirement = {DONE[disaster.operation]}, _due(disaster.operation)
        elif was_killed or disaster.kind == "descriptors" or disaster.operation != "create":
            wanted, requirement = CUT_SHORT[disaster.operation], "state.status"
        else:
            self._demand_clean(f"{what}: it was refused, and leaves behind", "errors.no-change")
            wanted, requirement = {""}, "errors.no-change"
        if status not in wanted:
            ended = "accepted" if done.exit_status == 0 else "cut short"
            about = f"{what}: once it was {ended}, the container is {status or 'not there'}"
            raise StateWrong(about, f"not {' or '.join(sorted(wanted)) or 'gone'}", requirement)

    def _status(self, name: str) -> str:
        """What `state` says about a container, "" when it knows none."""
        done = self.scene.call("state", name)
        return read_state(done.stdout, self.scene.journal).status if done.exit_status == 0 else ""

    def _judge_bystander(self) -> None:
        """The other container must be as it was.  Raises ``BystanderHurt``."""
        status = self._status(self.bystander.id)
        if status != "created":
            about = f"{self.disaster.describe()}: another container that was created is {status or 'not there'}"
            raise BystanderHurt(about)

    def _remove(self) -> None:
        """Remove the victim by force, and see that it leaves nothing.  Raises ``NotClean``."""
        done = self.scene.call("delete", "--force", self.name)
        self.victim.deleted = True
        if done.exit_status == 0:
            self._demand_clean(f"{self.disaster.describe()}: delete --force leaves behind", "delete.removes-resources")

    def _demand_clean(self, about: str, requirement: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while found := self.scene.changes(self.before):
            if time.monotonic() > deadline:
                self._show(found)
                raise NotClean(about, found, requirement)
            self.scene.pause(0.005)

    def _show(self, found: list[str]) -> None:
        """Tell the script where to look for one of the things that were left behind."""
        kind, _, rest = max(
            found, key=lambda line: (line.startswith(("cgroup", "state")), "memory/" in line)
        ).partition(" ")
        if kind == "cgroup":
            self.scene.journal.saw(f"exists /sys/fs/cgroup/{rest}", "True")
        elif kind == "state":
            self.scene.journal.saw(f"exists {self.scene.root}/{self.name}", "True")
        elif kind == "process":
            self.scene.journal.saw("process", rest.partition(": ")[2])

    def _use_again(self) -> None:
        """The id must be free for another container.  Raises ``LifecycleBroken`` when it is not."""
        again = self.scene.container(name=self.name)
        try:
            again.create()
        except Violation as problem:
            again.deleted = True
            about = f"{self.disaster.describe()}: after delete --force the id can not be used again"
            raise LifecycleBroken(about, str(problem), "create.new-container") from None
        again.delete("--force")


def _due(operation: str) -> str:
    return {"create": "create.new-container", "start": "start.runs-program"}.get(operation, "delete.removes-resources")


def _file(path: Path, shell: str) -> _Moment:
    return _Moment(shell, path.exists)


def _no_file(path: Path, shell: str) -> _Moment:
    return _Moment(shell, lambda: not path.exists())
