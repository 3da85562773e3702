"""Interrupt a task that runs too long."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from types import FrameType

from bridge.exceptions import TaskTimeout
from bridge.watchdog import Watch, watchdog


def time_limit(seconds: float) -> AbstractContextManager[None]:
    """Raise TaskTimeout inside the block once it has run for that many seconds.

    In the main thread a signal interrupts blocking calls too. In any other thread the exception
    arrives at the next bytecode, so a blocking call delays it; a hard timeout does not wait.
    """
    in_main = threading.current_thread() is threading.main_thread()
    return _by_signal(seconds) if in_main and hasattr(signal, "SIGURG") else _by_exception(seconds)


@asynccontextmanager
async def async_time_limit(seconds: float | None) -> AsyncIterator[None]:
    """Cancel the block of a coroutine once it has run for that many seconds.

    Raise TaskTimeout then.
    """
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            yield
    except TimeoutError as error:
        # A time-out that the task itself ran into is its own affair.
        if seconds is None or not timeout.expired():
            raise
        raise TaskTimeout(_message(seconds)) from error


def _message(seconds: float) -> str:
    return f"The task ran longer than its timeout of {seconds:g} s."


@contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    # SIGURG, because a task may have its own use for SIGALRM and its timer, and because one that
    # comes too late, when its handler is gone, does nothing.
    thread = threading.get_ident()
    is_open, is_due = True, False

    def bite() -> None:
        nonlocal is_due
        is_due = True
        signal.pthread_kill(thread, signal.SIGURG)

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal is_due
        if is_due and is_open:
            is_due = False
            raise TaskTimeout(_message(seconds))

    watch = Watch(bite)
    before = signal.signal(signal.SIGURG, interrupt)
    try:
        try:
            watchdog.set(watch, seconds)
            yield
        finally:
            is_open = False
    finally:
        watchdog.call_off(watch)
        signal.signal(signal.SIGURG, before or signal.SIG_DFL)


@contextmanager
def _by_exception(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    bitten = False

    def bite() -> None:
        nonlocal bitten
        bitten = True
        set_exception(thread, ctypes.py_object(TaskTimeout))

    watch = Watch(bite)
    try:
        try:
            watchdog.set(watch, seconds)
            yield
        finally:
            watchdog.call_off(watch)
            if bitten:
                set_exception(thread, None)  # still pending when the block ended by itself
    except TaskTimeout as error:
        if bitten:
            error.args = (_message(seconds),)
        raise
