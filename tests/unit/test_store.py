"""The store: claims, fences and the verbs out of RUNNING."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.conf import settings
from django.forms.models import model_to_dict
from django.utils import timezone

from bridge.interface import TaskError
from bridge.ledger import ending
from bridge.ledger.leases import Leases
from bridge.ledger.models import TaskRow, WorkerRow
from bridge.ledger.store import Store

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="...")


@pytest.fixture(params=list(settings.DATABASES))
def store(request: pytest.FixtureRequest) -> Store:
    return Store(request.param)


def row(**fields: object) -> TaskRow:
    return TaskRow(
        **{
            "task_path": "tests.app.tasks.add",
            "backend": "default",
            "transport": "db",
            "on_lost": "retry",
            **fields,
        }
    )


def claim(store: Store, worker: str = "w", limit: int = 1, **options: object) -> list[TaskRow]:
    return store.claim(
        transport="db", worker=worker, worker_id=f"{worker}:1", limit=limit, **options
    )  # type: ignore[arg-type]


def stored(store: Store, task: TaskRow) -> TaskRow:
    return store.tasks.get(id=task.id)


def test_claim_takes_no_more_than_its_limit(store: Store) -> None:
    for _ in range(5):
        store.insert(row())

    assert len(claim(store, limit=3)) == 3
    assert len(claim(store, limit=3)) == 2
    assert claim(store, limit=3) == []


def test_claim_passes_by_other_transports_queues_and_times(store: Store) -> None:
    store.insert(row(transport="celery"))
    store.insert(row(queue_name="mail"))
    store.insert(row(run_after=timezone.now() + dt.timedelta(hours=1)))
    due = store.insert(row(run_after=timezone.now() - dt.timedelta(seconds=2)))

    assert [taken.id for taken in claim(store, limit=9, queues=["default"])] == [due.id]


def test_stale_claim_cannot_finish_what_another_worker_took_over(store: Store) -> None:
    store.insert(row())
    (first,) = claim(store, "first")
    stale = stored(store, first)
    store.lose(first, "gone", max_losses=3)
    (second,) = claim(store, "second")

    assert not store.succeed(stale, 1)
    assert not store.fail(stale, ERROR)
    assert not store.retry_later(stale, ERROR, 0)
    assert not store.release(stale)
    assert not store.lose(stale, "again", max_losses=3)
    assert store.succeed(second, 2)
    assert stored(store, second).return_value == 2


def test_same_worker_with_an_older_token_cannot_finish(store: Store) -> None:
    store.insert(row())
    (first,) = claim(store)
    stale = stored(store, first)
    store.release(first)
    claim(store)

    assert not store.succeed(stale, 1)


def test_claims_that_end_together_end_each_in_its_own_way(store: Store) -> None:
    for _ in range(6):
        store.insert(row())
    one, two, wrong, again, back, stale = taken = claim(store, limit=6)
    ends = [
        ending.succeed(one, {"text": "it's 100% \\ \u00e9"}),
        ending.succeed(two, None),
        ending.fail(wrong, ERROR),
        ending.retry_later(again, ERROR, 60),
        ending.release(back),
        replace(ending.succeed(stale, 6), token=9),
    ]

    left = store.leave(ends)

    assert left.ids == {task.id for task in taken[:5]}
    rows = [stored(store, task) for task in taken]
    for task, expected, how in zip(rows[:5], taken, ends, strict=False):
        ending.apply(expected, how, left.at)
        assert model_to_dict(task) == model_to_dict(expected)
    assert (rows[5].status, rows[5].worker) == ("RUNNING", "w")


def test_release_costs_no_attempt(store: Store) -> None:
    store.insert(row())
    (taken,) = claim(store)

    assert store.release(taken)

    back = stored(store, taken)
    assert (back.status, back.worker_ids, back.started_at) == ("READY", [], None)


def test_retry_waits_for_its_delay(store: Store) -> None:
    store.insert(row())
    (taken,) = claim(store)

    store.retry_later(taken, ERROR, 60)

    back = stored(store, taken)
    assert (back.status, len(back.errors), back.worker) == ("READY", 1, None)
    assert claim(store) == []


@pytest.mark.parametrize(
    ("on_lost", "statuses"),
    [("fail", ["FAILED"]), ("retry", ["READY", "READY", "FAILED"])],
)
def test_lost_task_ends_as_on_lost_says(store: Store, on_lost: str, statuses: list[str]) -> None:
    store.insert(row(on_lost=on_lost))
    seen = []
    while taken := claim(store):
        store.lose(taken[0], "gone", max_losses=3)
        seen.append(taken[0].status)

    assert seen == statuses


def test_message_from_old_code_gets_a_row_and_runs_once(store: Store) -> None:
    task_id = uuid4()

    def deliver() -> TaskRow | None:
        draft = row(id=task_id, transport="celery")
        return store.messages.claim(draft, worker="w", worker_id="w:1")

    taken = deliver()
    assert taken is not None
    assert taken.status == "RUNNING"
    assert deliver() is None
    store.succeed(taken, None)
    assert deliver() is None


def test_message_of_a_task_that_moved_to_another_transport_is_fenced_off(store: Store) -> None:
    moved = store.insert(row(transport="db"))

    draft = row(id=moved.id, transport="celery")

    assert store.messages.claim(draft, worker="w", worker_id="w:1") is None
    assert stored(store, moved).status == "READY"


def test_abandoned_are_the_running_rows_of_workers_without_a_lease(store: Store) -> None:
    leases = Leases(store.using, 60)
    for worker in ["alive", "expired", "never-registered"]:
        store.insert(row())
        claim(store, worker)
    leases.renew("alive", "db")
    Leases(store.using, -1).renew("expired", "db")

    assert {task.worker for task in leases.abandoned()} == {"expired", "never-registered"}


def test_expired_worker_is_forgotten_once_it_holds_nothing(store: Store) -> None:
    leases = Leases(store.using, -1)
    store.insert(row())
    (taken,) = claim(store, "expired")
    leases.renew("expired", "db")

    leases.forget_expired()
    assert WorkerRow.objects.using(store.using).count() == 1

    store.fail(taken, ERROR)
    leases.forget_expired()
    assert WorkerRow.objects.using(store.using).count() == 0
