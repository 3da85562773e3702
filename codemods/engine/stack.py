"""Room for deeply nested code: generated files nest far deeper than people write."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_RECURSION = 20_000
_STACK_BYTES = 256 * 1024 * 1024


def with_deep_stack(work: Callable[[], T]) -> T:
    """Run the work in a thread with a large stack and return what it returns.

    Trees hold millions of objects and little garbage: the collector would only read them over
    and over, so it rests meanwhile.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    limit = sys.getrecursionlimit()
    size = threading.stack_size(_STACK_BYTES)
    collecting = gc.isenabled()
    gc.disable()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        thread = threading.Thread(target=run, name="codemod", daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()
    if errors:
        raise errors[0]
    return results[0]
