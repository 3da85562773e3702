"""What users of `from django_taskq.celery import shared_task` know from there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.app import celery_style as app
from tests.conformance.harness import Harness

pytestmark = pytest.mark.needs("executes", "supports_get_result")


@pytest.fixture(autouse=True)
def _nothing_seen() -> Iterator[None]:
    app.seen.clear()
    yield
    app.seen.clear()


@pytest.mark.needs("runs_here")
def test_delay_apply_async_and_s_run_the_function(harness: Harness) -> None:
    app.note.delay(1, bar=2)
    app.note.apply_async((1, 2))
    app.note.s(1, 3).apply_async()
    harness.work()

    assert sorted(app.seen, key=str) == [[1, ("bar", 2)], [1, 2], [1, 3]]


@pytest.mark.needs("obeys_on_commit")
def test_a_task_is_part_of_the_callers_transaction(harness: Harness) -> None:
    with transaction.atomic(using=harness.database):
        app.note.delay("rolled back")
        transaction.set_rollback(True, using=harness.database)
    with transaction.atomic(using=harness.database):
        app.note.delay("committed")
    harness.work()

    assert app.seen == [["committed"]]


@pytest.mark.needs("runs_here")
def test_a_task_with_an_eta_waits_for_it(harness: Harness) -> None:
    later = app.note.apply_async(("later",), eta=timezone.now() + timedelta(hours=1))
    app.note.apply_async(("now",), eta=timezone.now() - timedelta(hours=1))
    harness.work()

    assert app.seen == [["now"]]
    assert later.state == "PENDING"


@pytest.mark.needs("runs_here")
def test_autoretry_counts_retries_and_waits_between_them(harness: Harness) -> None:
    result = app.automatic.delay("twice")
    for _ in range(5):
        harness.work()

    assert app.seen == ["twice"] * 3
    assert result.successful()


@pytest.mark.needs("requeues")
def test_a_failed_task_is_kept_until_somebody_decides_and_can_be_run_again(
    harness: Harness,
) -> None:
    result = app.broken.delay()
    harness.work()
    assert result.failed()

    harness.backend.requeue(result.id)  # type: ignore[attr-defined]
    assert result.task_result is not None
    harness.work()

    assert len(app.broken.get_result(result.id).errors) == 2


def test_a_retry_cannot_change_the_arguments(harness: Harness) -> None:
    result = app.changes.delay(1)
    harness.work()

    assert isinstance(result.result, NotImplementedError)


def test_a_task_without_arguments_and_one_with_defaults(harness: Harness) -> None:
    results = [app.unbound.delay(), app.add.delay(1)]
    harness.work()

    assert results[1].get() == 1
    assert results[0].successful()
