"""Tasks under limits, which record what a limit promises."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from bridge import Concurrency, RateLimit, task


@task(concurrency=Concurrency(1, key="key"), on_lost="retry")
def one_at_a_time(folder: str, key: str, seconds: float = 0.0) -> None:
    _hold_a_place(Path(folder), key, 1, seconds)


@task(concurrency=Concurrency(3, key="key"), on_lost="retry")
def three_at_a_time(folder: str, key: str, seconds: float = 0.0) -> None:
    _hold_a_place(Path(folder), key, 3, seconds)


@task(rate_limit=RateLimit("20/s", key="key"))
def twenty_a_second(folder: str, key: str) -> None:
    _note_start(Path(folder), key)


@task(rate_limit=RateLimit("300/s", key="key"))
def many_a_second(folder: str, key: str) -> None:
    _note_start(Path(folder), key)


@task(rate_limit="3/h")
def three_an_hour(folder: str) -> None:
    _note_start(Path(folder), "hour")


@task(concurrency=2, rate_limit="1000/s")
def quick(number: int = 0) -> int:
    return number


@task(concurrency=1)
def single(number: int = 0) -> int:
    return number


@task(concurrency=Concurrency(2, key="customer"))
def of_customer(customer: int) -> int:
    return customer


@task(rate_limit="1000/s")
def thousand_a_second(number: int = 0) -> int:
    return number


def _note_start(folder: Path, key: str) -> None:
    moment = f"{time.time_ns()}\n".encode()
    number = os.open(folder / f"{key}.starts", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, moment)
    os.close(number)


def _hold_a_place(folder: Path, key: str, most: int, seconds: float) -> None:
    """Lock one of so many files, which a death unlocks; note it when there is none left."""
    for place in range(most):
        with (folder / f"{key}-{place}.place").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _note_start(folder, f"{key}-{place}")
            time.sleep(seconds)
            return
    _note_start(folder, f"{key}-too-many")
