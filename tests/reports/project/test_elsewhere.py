from __future__ import annotations


def test_without_a_record() -> None:
    """Tests that try no runtime are reported as ever."""
