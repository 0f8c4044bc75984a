"""The marks that tie a test to the catalogue; all tests import this, so it imports nothing but pytest."""

import pytest


def musts(*ids: str, needs: str | tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Bind a test to the requirements that it judges, by their ids.

    ``needs`` names what the host or the runtime must have for the test to tell anything, such as
    "cgroup.memory". An id that the catalogue lacks is an error at collection.
    """
    return pytest.mark.musts(*ids, needs=(needs,) if isinstance(needs, str) else needs)


def proved_by(*bugs: str) -> pytest.MarkDecorator:
    """Name the faults that prove a test: it fails on the reference runtime with any one as its ``--bug``."""
    return pytest.mark.proved_by(*bugs)
