from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from bridge import TaskTimeout
from bridge.timeouts import time_limit
from bridge.watchdog import watchdog


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


def test_own_use_of_the_alarm_and_its_timer_is_left_alone() -> None:
    rang: list[int] = []

    def body() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        while True:
            time.sleep(0.01)

    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    try:
        with pytest.raises(TaskTimeout), time_limit(0.3):
            body()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert rang == [signal.SIGALRM]
    assert signal.getsignal(signal.SIGURG) in {signal.SIG_DFL, signal.SIG_IGN}


@pytest.mark.parametrize("in_main", [True, False])
def test_one_that_ends_at_its_very_limit_is_interrupted_inside_or_not_at_all(in_main: bool) -> None:
    def once() -> bool:
        try:
            with time_limit(0.002):
                busy(0.0018 + random.random() * 0.0004)
        except TaskTimeout:
            return True
        busy(0.0005)
        return False

    def many() -> int:
        return sum(once() for _ in range(300))

    if in_main:
        many()
    else:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: many(), range(3)))
    assert not watchdog._watches


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_process_that_a_task_forks_has_a_watchdog_of_its_own() -> None:
    with time_limit(60):
        pid = os.fork()
        if not pid:
            try:
                with time_limit(0.05):
                    time.sleep(10)
            except TaskTimeout:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


@pytest.mark.parametrize("limit", [1e-9, 1e12])
def test_any_length_can_be_watched(limit: float) -> None:
    with suppress(TaskTimeout), time_limit(limit):
        busy(0.01)


def busy(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
