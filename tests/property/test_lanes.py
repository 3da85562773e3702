"""Limits under any sequence of claims and endings: never one more than the number."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.interface import TaskError
from bridge.ledger import ending
from bridge.ledger.models import LimitRow, TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.limits import lane_of

ERROR = TaskError(exception_class_path="builtins.ValueError", traceback="...")
PLACES = {"a": 1, "b": 3}
STARTS = 4
ENDS = {
    "succeed": lambda row: ending.succeed(row, None),
    "fail": lambda row: ending.fail(row, ERROR),
    "retry": lambda row: ending.retry_later(row, ERROR, 0),
    "release": ending.release,
    "lose": lambda row: ending.lose(row, "gone", max_losses=9),
}
add = st.tuples(
    st.just("add"),
    st.sampled_from(["a", "b", None]),
    st.booleans(),
    st.sampled_from(["default", "mail"]),
    st.integers(-2, 2),
)
claim = st.tuples(st.just("claim"), st.integers(1, 5), st.sampled_from([(), ("mail",)]))
end = st.tuples(st.just("end"), st.sampled_from(sorted(ENDS)), st.integers(0, 9))


def new_row(place: str | None, rated: bool, queue: str, priority: int) -> TaskRow:
    limits: dict[str, list[object]] = {}
    if place:
        limits["concurrency"] = [place, PLACES[place]]
    if rated or not place:
        limits["rate"] = ["r", STARTS, 3600]
    return TaskRow(
        task_path="tests.app.tasks.add",
        backend="default",
        transport="db",
        on_lost="retry",
        queue_name=queue,
        priority=priority,
        limits=limits,
        lane=lane_of(limits, queue),
    )


@pytest.mark.django_db(transaction=True, databases=list(django_settings.DATABASES))
@pytest.mark.parametrize("database", list(django_settings.DATABASES))
def test_no_sequence_exceeds_a_limit_or_leaves_a_place_empty(database: str) -> None:
    session = Session(database)
    store = Store(database, session)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(add | claim | end, min_size=5, max_size=40))
    def play(steps: list[tuple[object, ...]]) -> None:
        store.tasks.delete()
        LimitRow.objects.using(database).delete()
        held: list[TaskRow] = []
        rated = 0
        for name, *values in steps:
            if name == "add":
                store.insert(new_row(*values))  # type: ignore[arg-type]
            elif name == "claim":
                limit, queues = values
                taken = store.claim(
                    transport="db", worker="w", worker_id="w:1", limit=limit, queues=queues
                )  # type: ignore[arg-type]
                rated += sum("rate" in row.limits for row in taken)
                held += taken
                if len(taken) < limit:  # type: ignore[operator]
                    _assert_nothing_could_start(store, held, rated, queues)
            elif held:
                how, index = values
                row = held.pop(index % len(held))  # type: ignore[operator]
                assert store.leave([ENDS[how](row)]).ids == {row.id}  # type: ignore[index]
            for place, most in PLACES.items():
                assert _running(held, place) <= most
            assert rated <= STARTS

    try:
        play()
    finally:
        session.close()


def _running(held: list[TaskRow], place: str) -> int:
    return sum(row.limits.get("concurrency", [None])[0] == place for row in held)


def _assert_nothing_could_start(
    store: Store, held: list[TaskRow], rated: int, queues: object
) -> None:
    heads: dict[str, TaskRow] = {}
    for row in store.tasks.filter(status="READY", wake_at=None).order_by("-priority", "id"):
        heads.setdefault(row.lane or "", row)
    for row in heads.values():
        if queues and row.queue_name != "mail":
            continue
        place = row.limits.get("concurrency", [None])[0]
        full = place is not None and _running(held, place) >= PLACES[place]
        assert full or ("rate" in row.limits and rated >= STARTS)
