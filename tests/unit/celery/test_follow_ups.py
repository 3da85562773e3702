"""Hooks and batches of tasks on Celery: rows first, messages after the commit."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from celery import Celery
from django.db import transaction
from kombu.exceptions import OperationalError

from bridge import RETURN_VALUE, enqueue_batch, get_batch
from bridge.ledger.models import TaskRow
from compat.celery.backend import CeleryBackend
from tests.app import hooks as tasks
from tests.app import promises
from tests.app.models import Run
from tests.unit.celery.conftest import Broker

pytestmark = pytest.mark.django_db(transaction=True)


def succeed(backend: CeleryBackend, value: Any) -> None:
    for row in backend.store.tasks.filter(status="READY"):
        claimed = backend.store.messages.claim(row, worker="w", worker_id="w:1")
        assert claimed is not None
        assert backend.store.succeed(claimed, value)


def test_message_of_what_follows_leaves_after_the_commit(
    backend: CeleryBackend, broker: Broker
) -> None:
    tasks.double.using(on_success=tasks.collect.hook(RETURN_VALUE)).enqueue(1)
    broker.take()

    with transaction.atomic():
        succeed(backend, 2)
        assert broker.take() == []

    (message,) = broker.take()
    (follow_up,) = TaskRow.objects.filter(status="READY")
    assert message.headers["id"] == str(follow_up.id)
    assert message.payload[0] == [2]
    assert follow_up.published_at is not None


def test_what_follows_waits_for_the_relay_when_the_broker_is_away(
    backend: CeleryBackend, broker: Broker
) -> None:
    tasks.double.using(on_success=tasks.collect).enqueue(1)
    broker.take()

    with mock.patch("compat.celery.wire.send", side_effect=OperationalError("away")):
        succeed(backend, 2)

    (follow_up,) = TaskRow.objects.filter(status="READY")
    assert follow_up.published_at is None


def test_broker_that_is_away_is_asked_once_for_many(
    backend: CeleryBackend, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch("compat.celery.wire.send", side_effect=OperationalError("away")) as send:
        tasks.work.enqueue_many([(number,) for number in range(50)])

    assert send.call_count == 1
    assert TaskRow.objects.filter(published_at=None).count() == 50


def test_many_are_all_sent_or_none_is_there(backend: CeleryBackend, broker: Broker) -> None:
    results = tasks.work.enqueue_many([(1,), (2,)], on_complete=tasks.collect)
    assert sorted(message.headers["id"] for message in broker.take()) == sorted(results.ids)

    with pytest.raises(TypeError):
        tasks.work.enqueue_many([(1,), (object(),)])
    assert broker.take() == []
    assert TaskRow.objects.count() == 2


class TestEager:
    """task_always_eager: what follows runs inside enqueue(), too."""

    @pytest.fixture(autouse=True)
    def _eager(self, app: Celery, backend: CeleryBackend) -> None:
        app.conf.task_always_eager = True
        backend.on_ready()

    def test_hooks_run_even_in_a_transaction(self) -> None:
        with transaction.atomic():
            tasks.double.using(on_success=tasks.collect.hook(RETURN_VALUE)).enqueue(1)
            assert Run.objects.get().name == "2"

    def test_batch_is_complete_when_it_is_enqueued(self) -> None:
        results = tasks.work.enqueue_many([(1,), (2, True)], on_complete=tasks.collect)

        assert [result.status for result in results] == ["SUCCESSFUL", "FAILED"]
        assert results[0].return_value == 1
        assert Run.objects.get().name == results.batch_id
        batch = get_batch(str(results.batch_id))
        assert (batch.pending, batch.failed, batch.is_finished) == (0, 1, True)

    def test_batch_of_different_tasks(self) -> None:
        results = enqueue_batch([tasks.work.hook(1), tasks.add.hook(1)], on_complete=tasks.collect)

        assert Run.objects.get().name == results.batch_id

    def test_many_wait_for_the_commit_if_they_are_to(self) -> None:
        with transaction.atomic():
            promises.note_on_commit.enqueue_many([("x",), ("y",)])
            assert not Run.objects.exists()

        assert Run.objects.count() == 2
