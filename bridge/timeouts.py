"""Interrupt a task that runs too long."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

from bridge.exceptions import TaskTimeout


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TaskTimeout inside the block once it has run for that many seconds.

    In the main thread a signal interrupts blocking calls too. In any other thread the exception
    arrives at the next bytecode, so a blocking call delays it; a hard timeout does not wait.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(seconds):
            yield
    else:
        with _thread_timer(seconds):
            yield


@asynccontextmanager
async def async_time_limit(seconds: float | None) -> AsyncIterator[None]:
    """Raise TaskTimeout inside the block of a coroutine once it has run for that many seconds."""
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
def _alarm(seconds: float) -> Iterator[None]:
    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise TaskTimeout(_message(seconds))

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def _thread_timer(seconds: float) -> Iterator[None]:
    thread_id = ctypes.c_ulong(threading.get_ident())
    set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    lock = threading.Lock()
    state = {"open": True, "fired": False}

    def interrupt() -> None:
        with lock:
            if state["open"]:
                state["fired"] = True
                set_exception(thread_id, ctypes.py_object(TaskTimeout))

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except TaskTimeout as error:
        # An asynchronous exception is raised from its class, without arguments.
        if not error.args:
            error.args = (_message(seconds),)
        raise
    finally:
        timer.cancel()
        with lock:
            state["open"] = False
            if state["fired"]:
                set_exception(thread_id, None)  # still pending when the block ended by itself
