"""The supervisor with children that only end as they are told: real processes, no tasks."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from bridge.ledger.leases import Leases
from bridge.ledger.models import WorkerRow
from bridge.worker import crashes, supervisor
from bridge.worker.crashes import MAX_CRASHES
from bridge.worker.options import RECYCLED, WorkerOptions
from bridge.worker.settling import Settling
from bridge.worker.supervisor import Supervisor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),  # xdist's threads
    pytest.mark.timeout(30),
]
Script = Callable[[int], None]


class Children:
    """Starts of children, counted in a file; `script` is told how many came before."""

    def __init__(self, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = log
        self.monkeypatch = monkeypatch

    @property
    def starts(self) -> int:
        return len(self.log.read_bytes()) if self.log.exists() else 0

    def follow(self, script: Script) -> None:
        children = self

        class Scripted:
            def __init__(self, *args: Any) -> None: ...

            def main(self, alive: int) -> None:
                signal.signal(signal.SIGTERM, lambda *args: os._exit(0))
                before = children.starts
                with children.log.open("ab") as log:
                    log.write(b".")
                script(before)
                os._exit(0)

        self.monkeypatch.setattr(supervisor, "Child", Scripted)


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Children:
    return Children(tmp_path / "starts", monkeypatch)


def worker(**options: Any) -> Supervisor:
    return Supervisor(WorkerOptions(backend="default", **options))


def signal_soon(number: int, when: Callable[[], object]) -> None:
    def wait_and_send() -> None:
        while not when():
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=wait_and_send, daemon=True).start()


def test_recycled_children_are_replaced_in_a_batch_and_never_count_as_crashes(
    children: Children,
) -> None:
    recycled = MAX_CRASHES + 2
    children.follow(lambda before: os._exit(RECYCLED) if before < recycled else None)

    assert worker(batch=True).run() == 0
    assert children.starts == recycled + 1
    assert not WorkerRow.objects.exists()


def test_child_that_ends_unasked_is_replaced_unless_its_batch_is_done(children: Children) -> None:
    children.follow(lambda before: None if before == 0 else time.sleep(60))
    signal_soon(signal.SIGTERM, lambda: children.starts == 2)

    assert worker().run() == 0
    assert children.starts == 2


def test_worker_whose_children_keep_dying_gives_up_with_1(
    children: Children, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(crashes, "LONGEST_WAIT", 0.0)
    children.follow(lambda before: os._exit(9))

    assert worker(batch=True).run() == 1
    assert children.starts == MAX_CRASHES
    assert "ended with exit code 9, the last of 20 within 60 s; giving up" in caplog.text
    assert not WorkerRow.objects.exists()


def test_second_signal_ends_a_child_that_does_not_listen(
    children: Children, caplog: pytest.LogCaptureFixture
) -> None:
    def deaf(before: int) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)

    children.follow(deaf)
    one = worker(grace=60)
    signal_soon(signal.SIGTERM, lambda: children.starts)
    signal_soon(signal.SIGINT, lambda: one.stop.asked)
    started = time.monotonic()

    assert one.run() == 0
    assert time.monotonic() - started < 10
    assert "second signal" in caplog.text


def test_grace_ends_a_child_that_does_not_listen(children: Children) -> None:
    def deaf(before: int) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)

    children.follow(deaf)
    signal_soon(signal.SIGTERM, lambda: children.starts)
    started = time.monotonic()

    assert worker(grace=0.3).run() == 0
    assert time.monotonic() - started < 10


def test_tasks_that_cannot_be_settled_keep_the_lease_for_another_worker_to_find(
    children: Children, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr(Settling, "_settle", broken)
    children.follow(lambda before: None)
    one = worker(batch=True)

    assert one.run() == 1
    assert WorkerRow.objects.filter(id=one.worker).exists()
    assert "another worker recovers its tasks" in caplog.text


def test_dead_child_is_settled_before_another_starts_however_long_the_database_is_away(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []

    def away(self: Settling, child: object) -> None:
        attempts.append(children.starts)
        if len(attempts) < 3:
            raise OperationalError("away")

    monkeypatch.setattr(Settling, "_settle", away)
    monkeypatch.setattr("bridge.worker.settling.RETRY", 0.05)
    children.follow(lambda before: os._exit(9) if before == 0 else None)

    assert worker(batch=True).run() == 0
    assert attempts == [1, 1, 1, 2]


@pytest.mark.parametrize("verb", ["renew", "end"])
def test_stop_does_not_wait_for_a_database_that_stays_away(
    children: Children, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    calls: list[str] = []

    def away(*args: object) -> None:
        calls.append(verb)
        raise OperationalError("away")

    monkeypatch.setattr(Leases, verb, away)
    monkeypatch.setattr(supervisor, "FAREWELL", 0.2)
    children.follow(lambda before: time.sleep(60))
    one = worker(grace=0.2)
    signal_soon(signal.SIGTERM, lambda: calls if verb == "renew" else children.starts)
    started = time.monotonic()

    assert one.run() == 1
    assert time.monotonic() - started < 10


def test_worker_whose_watcher_is_gone_stops(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    children.follow(lambda before: time.sleep(60))
    one = worker(reload=True)
    monkeypatch.setattr(one, "_parent", -1)

    assert one.run() == 0
