"""config-linux.md, IntelRdt: shares of caches and memory bandwidth.

What a runtime does with resctrl can be seen on few machines; that it does not pretend to can be seen on all others.
"""

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import MakeContainer
from strategies.edit import Edit
from strategies.edits import intel_rdt

ABSENT = "resctrl.absent"
OLD = musts("intel-rdt.without-resctrl", needs=ABSENT)


@proved_by("intel-rdt-ignored")
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(intel_rdt(clos_id="deck"), id="clos", marks=OLD),
        pytest.param(intel_rdt(l3_cache_schema="L3:0=ffff"), id="l3", marks=OLD),
        pytest.param(intel_rdt(mem_bw_schema="MB:0=50"), id="bandwidth", marks=OLD),
        pytest.param(intel_rdt(schemata=["L3:0=ffff"]), id="schemata", marks=musts("intel-rdt.schemata", needs=ABSENT)),
        pytest.param(
            intel_rdt(enable_monitoring=True), id="monitoring", marks=musts("intel-rdt.enable-monitoring", needs=ABSENT)
        ),
    ],
)
def test_without_resctrl_it_is_refused(container: MakeContainer, asked: Edit) -> None:
    """Where no resctrl is mounted a config with intelRdt is an error, and one without is none."""
    container().create()
    made = container(asked)
    with refused(made):
        made.create()
