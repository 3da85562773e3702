"""Tasks that run inside enqueue() (task_always_eager): who runs one hands its result over here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bridge.result import AnyResult

_results: dict[str, AnyResult] = {}


@contextmanager
def expecting(result: AnyResult) -> Iterator[dict[str, AnyResult]]:
    """Keep what becomes of a task that runs in this block, under its id."""
    _results[result.id] = result
    try:
        yield _results
    finally:
        _results.pop(result.id, None)


def known(result_id: str) -> AnyResult | None:
    """Return what the attempt before has handed over."""
    return _results.get(result_id)


def hand_over(result: AnyResult) -> None:
    """Keep a result for whoever expects it."""
    if result.id in _results:
        _results[result.id] = result
