from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge import TaskTimeout
from bridge.timeouts import time_limit


def test_main_thread_is_interrupted_inside_a_blocking_call() -> None:
    assert threading.current_thread() is threading.main_thread()
    started = time.monotonic()

    with pytest.raises(TaskTimeout, match=r"timeout of 0\.1 s"), time_limit(0.1):
        time.sleep(10)

    assert time.monotonic() - started < 5


def test_other_thread_is_interrupted_between_bytecodes() -> None:
    def spin() -> None:
        with time_limit(0.1):
            while True:
                time.sleep(0.001)

    with ThreadPoolExecutor(1) as pool, pytest.raises(TaskTimeout, match=r"timeout of 0\.1 s"):
        pool.submit(spin).result(10)


def test_block_that_ends_in_time_is_left_alone() -> None:
    def work() -> str:
        with time_limit(0.05):
            pass
        time.sleep(0.1)
        return "undisturbed"

    assert work() == "undisturbed"
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result(10) == "undisturbed"
