from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from bridge.worker import memory

SIZE = 64


def test_resident_set_grows_with_what_is_touched_and_shrinks_again() -> None:
    before = memory.resident_mib()
    block = mmap.mmap(-1, SIZE * 1024 * 1024)
    block.write(b"x" * len(block))
    with_block = memory.resident_mib()
    block.close()

    assert with_block - before == pytest.approx(SIZE, abs=SIZE / 4)
    assert memory.resident_mib() < with_block - SIZE / 2


def test_peak_is_reported_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    now = memory.resident_mib()
    monkeypatch.setattr(memory, "_STATM", Path("/no/such/file"))

    assert now * 0.9 < memory.resident_mib() < now * 100
