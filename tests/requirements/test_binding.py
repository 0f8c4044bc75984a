import subprocess
import sys

from conformance.requirements.binding import musts, proved_by


def test_musts_carries_ids_and_needs() -> None:
    mark = musts("kill.stopped", "kill.signal", needs="cgroup.memory").mark
    assert (mark.name, mark.args) == ("musts", ("kill.stopped", "kill.signal"))
    assert mark.kwargs == {"needs": ("cgroup.memory",)}


def test_musts_needs_nothing_unless_told() -> None:
    assert musts("kill.stopped").mark.kwargs == {"needs": ()}


def test_proved_by_carries_the_names_of_faults() -> None:
    mark = proved_by("kill-stopped-accepted", "kill-ignored").mark
    assert (mark.name, mark.args) == ("proved_by", ("kill-stopped-accepted", "kill-ignored"))


def test_importing_the_marks_reads_no_catalogue() -> None:
    program = (
        "from conformance.requirements import catalogue\n"
        "import sys\n"
        "assert catalogue.cache_info().misses == 0\n"
        "assert 'jsonschema' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
