"""Turn signals that end a process into exceptions, so that files are put back first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ENDING = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]


class Stopped(BaseException):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise Stopped where SIGTERM or SIGHUP would end the process at once."""
    with _handled(_ENDING, _stop):
        yield


@contextmanager
def unstoppable() -> Iterator[None]:
    """Ignore Ctrl+C and the like for the moment that putting files back takes."""
    with _handled([signal.SIGINT, *_ENDING], signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: list[int], handler: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only it is interrupted
        return
    before = {number: signal.getsignal(number) for number in numbers}
    # What the parent ignores stays ignored: nohup has its reasons.
    heard = [number for number in numbers if before[number] not in (signal.SIG_IGN, None)]
    try:
        for number in heard:
            signal.signal(number, handler)
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
