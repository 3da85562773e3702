"""Ctrl+C while a step of a command is under way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.management.interrupt import Torn, held_back


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def step(done: list[str], *, presses: int, error: Exception | None = None) -> None:
    with held_back():
        for _ in range(presses):
            press_ctrl_c()
        if error is not None:
            raise error
        done.append("step")


def test_it_comes_when_the_step_is_done() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt) as raised:
        step(done, presses=1)
    assert done == ["step"]
    assert not isinstance(raised.value, Torn)


def test_the_second_does_not_wait() -> None:
    done: list[str] = []
    with pytest.raises(Torn):
        step(done, presses=2)
    assert done == []


def test_errors_of_the_step_are_not_hidden() -> None:
    with pytest.raises(ValueError, match="of the step"):
        step([], presses=1, error=ValueError("of the step"))


def test_another_thread_goes_on_without() -> None:
    def step() -> object:
        with held_back():
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(step).result() is signal.default_int_handler


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back():
            press_ctrl_c()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
