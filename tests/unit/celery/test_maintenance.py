"""The thread of a worker's main process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from unittest import mock

import pytest
from celery import signals
from celery.exceptions import WorkerLostError
from django.conf import settings
from django.db import OperationalError

from bridge.ledger.models import WorkerRow
from compat.celery import deaths, forking, maintenance
from compat.celery.backend import CeleryBackend
from compat.celery.maintenance import Maintenance
from tests.process.project import wait_for

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))


@pytest.fixture
def thread(backend: CeleryBackend) -> Iterator[Maintenance]:
    """A thread that looks after its tasks every tenth of a second."""
    backend.leases.seconds = 0.3
    thread = Maintenance("w")
    yield thread
    if thread._thread.is_alive():
        thread.stop()


def test_lease_is_open_before_the_first_task_and_closed_at_the_end(thread: Maintenance) -> None:
    thread.start()
    opened = WorkerRow.objects.get()
    wait_for(lambda: WorkerRow.objects.get().expires_at > opened.expires_at, "a renewal")

    thread.stop()

    assert not WorkerRow.objects.exists()


def test_errors_do_not_end_the_thread(
    thread: Maintenance, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [OperationalError("database away"), ZeroDivisionError(), *[None] * 1000]
    with (
        mock.patch.object(maintenance, "recover", side_effect=errors) as recover,
        mock.patch.object(maintenance, "RETRY_AFTER", 0.05),
    ):
        thread.start()
        wait_for(lambda: recover.call_count > 3, "more looks")

    assert "database away" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_others_are_not_taken_for_dead_right_after_an_outage(thread: Maintenance) -> None:
    """Whoever is first to find the database again sees the leases of all others run out."""
    renewals: list[float] = []
    recoveries: list[float] = []
    renew = thread._renew

    def away() -> None:
        if (
            len(renewals) == 1
            and time.monotonic() < renewals[0] + 2 * thread.backends[0].leases.seconds
        ):
            raise OperationalError("away")
        renew()
        renewals.append(time.monotonic())

    def note(_: CeleryBackend) -> None:
        recoveries.append(time.monotonic())

    with (
        mock.patch.object(thread, "_renew", away),
        mock.patch.object(maintenance, "recover", note),
        mock.patch.object(maintenance, "RETRY_AFTER", 0.05),
    ):
        thread.start()
        wait_for(lambda: len(renewals) > 1 and recoveries, "a recovery after the outage")

    back = renewals[1]
    assert all(at < renewals[0] + 0.3 or at >= back + 0.3 for at in recoveries)


def test_errand_waits_for_the_database(thread: Maintenance, backend: CeleryBackend) -> None:
    done = threading.Event()
    answers = iter([OperationalError("away"), OperationalError("away")])

    def errand(asked: CeleryBackend) -> None:
        assert asked is backend
        for error in answers:
            raise error
        done.set()

    thread.start()
    thread.run_errand(errand)

    assert done.wait(10)


def test_lease_is_renewed_while_an_errand_cannot_be_run(
    thread: Maintenance, caplog: pytest.LogCaptureFixture
) -> None:
    def errand(backend: CeleryBackend) -> None:
        raise OperationalError(1205, "Lock wait timeout exceeded")

    thread.start()
    for _ in range(3):
        thread.run_errand(errand)
    wait_for(lambda: caplog.text.count("Cannot settle a task") >= 3, "the first tries")
    before = WorkerRow.objects.get().expires_at

    wait_for(lambda: WorkerRow.objects.get().expires_at > before, "a renewal")
    assert len(thread._again) == 3


def test_no_process_is_forked_while_the_thread_has_connections_open() -> None:
    assert forking.connected(forking._fork_lock.locked)
    assert not forking._fork_lock.locked()


def test_latest_worker_of_a_process_hears_of_deaths() -> None:
    workers = [mock.Mock(pid=maintenance.os.getpid()) for _ in range(2)]
    for worker in workers:
        deaths.watch(worker)

    signals.task_failure.send(sender=None, task_id="x", exception=WorkerLostError("signal 9"))

    assert [worker.run_errand.call_count for worker in workers] == [0, 1]


def test_errands_are_run_while_the_relay_has_ever_more_to_send(thread: Maintenance) -> None:
    """A killed task would be taken for an orphan, and run again, before its timeout is noted."""
    done = threading.Event()
    with mock.patch.object(maintenance, "relay", return_value=1) as relay:
        thread.start()
        wait_for(lambda: relay.call_count > 2, "a relay with more to send")
        thread.run_errand(lambda backend: done.set())

        assert done.wait(10)
