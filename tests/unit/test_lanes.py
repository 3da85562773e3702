"""Rows under limits: who may start, and what frees a place."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from copy import copy
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from bridge.interface import TaskError
from bridge.ledger.lanes import Visit
from bridge.ledger.models import LimitRow, PauseRow, TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.ledger.vendors.verbs import Claim
from bridge.limits import lane_of

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="...")
HOUR = 3600


@pytest.fixture(params=list(settings.DATABASES))
def store(request: pytest.FixtureRequest) -> Store:
    return Store(request.param)


@pytest.fixture
def worker(store: Store) -> Iterator[Store]:
    """The same ledger through a connection of a worker's own."""
    session = Session(store.using)
    yield Store(store.using, session)
    session.close()


def add(
    store: Store,
    count: int = 1,
    *,
    concurrency: tuple[str, int] | None = None,
    rate: tuple[str, int, int] | None = None,
    queue_name: str = "default",
    **fields: Any,
) -> list[TaskRow]:
    limits: dict[str, list[Any]] = {}
    if concurrency:
        limits["concurrency"] = list(concurrency)
    if rate:
        limits["rate"] = list(rate)
    values = {
        "task_path": "tests.app.tasks.add",
        "backend": "default",
        "transport": "db",
        "on_lost": "retry",
        "queue_name": queue_name,
        "limits": limits,
        "lane": lane_of(limits, queue_name),
        **fields,
    }
    return [store.insert(TaskRow(**values)) for _ in range(count)]


def claim(store: Store, limit: int = 100, **options: Any) -> list[TaskRow]:
    return store.claim(transport="db", worker="w", worker_id="w:1", limit=limit, **options)


def visit(store: Store, *lanes: str | None, limit: int = 100, delay: float = 0.05) -> Visit:
    wanted = Claim(transport="db", queues=(), worker="w", worker_id="w:1", limit=limit)
    return store.lanes.visit(wanted, [lane for lane in lanes if lane], delay)


def ids(rows: list[TaskRow]) -> list[UUID]:
    return [row.id for row in rows]


def rowless(store: Store) -> list[UUID]:
    return list(store.tasks.filter(status="READY").order_by("id").values_list("id", flat=True))


def test_no_more_rows_of_a_key_run_than_it_allows(worker: Store) -> None:
    rows = add(worker, 5, concurrency=("k", 2))

    first = visit(worker, rows[0].lane)

    assert ids(first.rows) == ids(rows[:2])
    (shut,) = first.shut.values()
    assert (shut.key, shut.seconds) == ("k", None)
    assert visit(worker, rows[0].lane).rows == []


def test_claim_from_a_lane_writes_what_every_claim_writes(worker: Store) -> None:
    add(worker, concurrency=("k", 1), priority=3)
    add(worker, priority=3, lane=None, limits=None)

    plain, limited = claim(worker)

    for name in ("status", "worker", "token", "worker_ids", "wake_at", "priority"):
        assert getattr(limited, name) == getattr(plain, name)
    assert limited.started_at == limited.last_attempted_at
    assert abs(limited.started_at - plain.started_at) < timedelta(seconds=60)  # type: ignore[operator]
    kept = worker.tasks.get(id=limited.id)
    assert (kept.status, kept.worker, kept.token) == ("RUNNING", "w", 1)
    assert kept.started_at == limited.started_at


@pytest.mark.parametrize("end", ["succeed", "fail", "retry", "release", "lose", "prune"])
def test_place_is_free_again_however_its_task_ends(worker: Store, end: str) -> None:
    first, second = add(worker, 2, concurrency=("k", 1))
    (taken,) = visit(worker, first.lane).rows
    assert taken.id == first.id

    if end == "succeed":
        worker.succeed(taken, 1)
    elif end == "fail":
        worker.fail(taken, ERROR)
    elif end == "retry":
        worker.retry_later(taken, ERROR, 60)
    elif end == "release":
        worker.release(taken)
    elif end == "lose":
        worker.lose(taken, "gone", max_losses=3)
    else:
        worker.tasks.filter(id=taken.id).delete()

    again = visit(worker, first.lane)
    expected = first if end in ("release", "lose") else second
    assert ids(again.rows) == [expected.id]


def test_place_of_an_old_claim_is_not_that_of_the_new_one(worker: Store) -> None:
    first, _ = add(worker, 2, concurrency=("k", 1))
    (taken,) = visit(worker, first.lane).rows
    stale = copy(taken)
    worker.release(taken)
    (again,) = visit(worker, first.lane).rows
    assert again.id == first.id

    assert not worker.succeed(stale, 1)

    assert visit(worker, first.lane).rows == []
    (limit,) = LimitRow.objects.using(worker.using)
    assert limit.state == [[str(first.id), again.token]]


def test_row_starts_when_all_its_limits_allow_it(worker: Store) -> None:
    rows = add(worker, 4, concurrency=("k", 3), rate=("r", 2, HOUR))

    both = visit(worker, rows[0].lane)
    assert ids(both.rows) == ids(rows[:2])
    assert set(both.start_by) == set(ids(rows[:2]))
    (shut,) = both.shut.values()
    assert shut.key == "r"
    assert shut.seconds == pytest.approx(HOUR + 10, abs=1)

    for row in both.rows:
        worker.succeed(row, None)
    assert visit(worker, rows[0].lane).rows == []


def test_lanes_that_share_a_limit_share_its_places(worker: Store) -> None:
    (low,) = add(worker, concurrency=("k", 1), rate=("r", 9, 1))
    (high,) = add(worker, concurrency=("k", 1), priority=5, queue_name="mail")
    assert low.lane != high.lane

    seen = visit(worker, low.lane, high.lane)

    assert ids(seen.rows) == [high.id]
    assert set(seen.shut) == {low.lane}


def test_number_of_each_row_counts_when_it_was_changed_in_the_code(worker: Store) -> None:
    add(worker, 2, concurrency=("k", 1))
    rows = add(worker, 2, concurrency=("k", 3), priority=1)
    lane = rows[0].lane

    assert ids(visit(worker, lane).rows) == ids(rows)


def test_priority_rules_within_a_lane_and_between_lanes(worker: Store) -> None:
    add(worker, 2, concurrency=("a", 9))
    urgent = add(worker, 1, concurrency=("a", 9), priority=7)
    other = add(worker, 1, concurrency=("b", 9), priority=6)

    assert ids(claim(worker, 2)) == [*ids(urgent), *ids(other)]


def test_deferred_row_waits_outside_its_lane(worker: Store) -> None:
    later = timezone.now() + timedelta(seconds=HOUR)
    (row,) = add(worker, concurrency=("k", 1), run_after=later)
    assert not worker.look("db").limited
    assert claim(worker) == []

    worker.tasks.update(wake_at=timezone.now() - timedelta(seconds=1))

    assert ids(claim(worker)) == [row.id]


def test_row_that_was_deferred_meanwhile_is_not_taken(worker: Store) -> None:
    (row,) = add(worker, concurrency=("k", 1))
    worker.tasks.update(wake_at=timezone.now())

    with worker._atomic() as cursor:
        wanted = Claim(transport="db", queues=(), worker="w", worker_id="w:1", limit=9)
        assert worker._vendor.take(cursor, wanted, [row.id]) == []


def test_other_queues_and_transports_and_paused_ones_are_passed_by(worker: Store) -> None:
    add(worker, concurrency=("k", 9), queue_name="mail")
    add(worker, concurrency=("k", 9), queue_name="slow")
    add(worker, concurrency=("k", 9), transport="celery")
    (row,) = add(worker, concurrency=("k", 9))
    PauseRow.objects.using(worker.using).create(
        transport="db", queue_name="slow", paused_at=timezone.now()
    )

    assert ids(claim(worker, queues=["default", "slow"])) == [row.id]
    heads = worker.lanes.survey("db").heads
    assert {head.queue: head.paused for head in heads} == {"mail": False, "slow": True}


def test_expired_row_takes_no_place_and_holds_up_nobody(worker: Store) -> None:
    past = timezone.now() - timedelta(seconds=1)
    (runs,) = add(worker, rate=("r", 1, HOUR))
    visit(worker, runs.lane)
    expired = add(worker, 3, rate=("r", 1, HOUR), expires_at=past)
    cancelled = add(worker, 1, rate=("r", 1, HOUR), cancel_requested_at=past)
    add(worker, 1, rate=("r", 1, HOUR))

    seen = visit(worker, runs.lane)

    assert ids(seen.rows) == [*ids(expired), *ids(cancelled)]
    assert seen.start_by == {}
    assert set(seen.shut) == {runs.lane}


def test_rate_is_kept_over_visits_and_opens_when_it_says(worker: Store) -> None:
    rows = add(worker, 5, rate=("r", 2, 1))
    lane = rows[0].lane
    begun = time.monotonic()
    assert len(visit(worker, lane, limit=1).rows) == 1
    assert len(visit(worker, lane).rows) == 1
    (shut,) = visit(worker, lane).shut.values()
    assert shut.seconds is not None
    assert 0 < shut.seconds < 1.06

    time.sleep(max(0, shut.seconds - (time.monotonic() - begun) / 2))
    while not (more := visit(worker, lane).rows):
        time.sleep(0.005)

    assert time.monotonic() - begun >= 1
    assert len(more) <= 2


def test_limits_that_others_hold_are_not_waited_for(store: Store, worker: Store) -> None:
    if not connections[store.using].features.has_select_for_update_skip_locked:
        pytest.skip("one writer at a time")
    (held,) = add(store, concurrency=("a", 1))
    (free,) = add(store, concurrency=("b", 1))
    LimitRow.objects.using(store.using).bulk_create(
        LimitRow(key=key, touched_at=timezone.now()) for key in "ab"
    )

    with transaction.atomic(using=store.using):
        LimitRow.objects.using(store.using).select_for_update().get(key="a")
        seen = visit(worker, held.lane, free.lane)

    assert ids(seen.rows) == [free.id]
    assert seen.busy == {held.lane}
    assert ids(visit(worker, held.lane).rows) == [held.id]


def test_survey_goes_on_where_it_stopped(worker: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(worker._vendor) and __import__(
        f"bridge.ledger.vendors.{connections[worker.using].vendor}.lanes", fromlist=["STEPS"]
    )
    monkeypatch.setattr(module, "STEPS", 3)
    lanes = set()
    for number in range(7):
        rows = add(worker, 2, concurrency=(f"k{number}", 1), priority=number % 3)
        lanes.add(rows[0].lane)

    seen: list[str] = []
    after: str | None = ""
    surveys = 0
    while after is not None:
        survey = worker.lanes.survey("db", after)
        seen += [head.lane for head in survey.heads]
        after, surveys = survey.after, surveys + 1

    assert (len(seen), set(seen), surveys) == (7, lanes, 3)
    assert seen == sorted(seen)


def test_eight_threads_with_crossing_keys_exceed_no_limit_and_never_lock_each_other(
    store: Store,
) -> None:
    most = {"a": 1, "b": 2, "c": 3}
    for number in range(60):
        first = "abc"[number % 3]
        pair = {"concurrency": (first, most[first])}
        rate = "xy"[number % 2]
        add(store, **pair, rate=(rate, 1000, HOUR))  # type: ignore[arg-type]
    errors: list[BaseException] = []
    peaks: Counter[str] = Counter()

    def work(number: int) -> None:
        session = Session(store.using)
        mine = Store(store.using, session)
        try:
            while rowless(store):
                for row in claim(mine, 2):
                    running = [
                        json.loads(each) if isinstance(each, str) else each
                        for each in store.tasks.filter(status="RUNNING").values_list(
                            "limits", flat=True
                        )
                    ]
                    for key, many in Counter(each["concurrency"][0] for each in running).items():
                        peaks[key] = max(peaks[key], many)
                    mine.succeed(row, number)
        except BaseException as error:
            errors.append(error)
        finally:
            session.close()
            connections.close_all()

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert errors == []
    assert rowless(store) == []
    assert all(peaks[key] <= limit for key, limit in most.items())
    starts = LimitRow.objects.using(store.using).filter(key__in=["x", "y"])
    assert sum(many for limit in starts for _, many in limit.state) == 60
