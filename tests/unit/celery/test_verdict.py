"""What follows from what old workers have stored, decided without a database."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from billiard.exceptions import WorkerLostError
from celery import Celery, states
from celery.exceptions import TaskRevokedError
from hypothesis import given
from hypothesis import strategies as st

from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL, TaskRow
from compat.celery import stored
from compat.celery.meta import UNKNOWN_NAME
from compat.celery.verdict import CANCELLED, MOST_SENDS, SendAgain, Settle, judge

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
SENT = NOW - dt.timedelta(hours=1)
DONE = NOW - dt.timedelta(minutes=30)
UNKNOWN = {"exc_type": "NotRegistered", "exc_module": "celery.exceptions", "exc_message": "x"}


def row(**fields: Any) -> TaskRow:
    values = {"status": READY, "published_at": SENT, "token": 0, "errors": [], "worker_ids": []}
    return TaskRow(**{**values, **fields})


def meta(status: str, result: Any = None, **more: Any) -> dict[str, Any]:
    return {"status": status, "result": result, "date_done": DONE.isoformat(), **more}


def failure(kind: str, module: str) -> dict[str, Any]:
    return meta(states.FAILURE, {"exc_type": kind, "exc_module": module, "exc_message": ["x"]})


revoked = {"exc_type": "TaskRevokedError", "exc_module": "celery.exceptions"}


@pytest.mark.parametrize(
    ("stored_meta", "status", "path"),
    [
        (meta(states.SUCCESS, 3), SUCCESSFUL, None),
        (meta(states.SUCCESS, None), SUCCESSFUL, None),
        (failure("LookupError", "builtins"), FAILED, "builtins.LookupError"),
        # A class that this process has not imported, and may not have.
        (failure("Outer.Broken", "gone.module"), FAILED, "gone.module.Outer.Broken"),
        (failure("WorkerLostError", "billiard.exceptions"), FAILED,
         "billiard.exceptions.WorkerLostError"),
        (failure("Reject", "celery.exceptions"), FAILED, "celery.exceptions.Reject"),
        (meta(states.FAILURE, WorkerLostError("pickled")), FAILED,
         "billiard.exceptions.WorkerLostError"),
        (meta(states.REVOKED, TaskRevokedError("expired")), FAILED,
         "celery.exceptions.TaskRevokedError"),
        (meta(states.FAILURE, None), FAILED, "builtins.Exception"),
    ],
)  # fmt: skip
def test_end_settles_the_row(stored_meta: dict[str, Any], status: str, path: str | None) -> None:
    verdict = judge(row(), stored_meta, NOW)

    assert isinstance(verdict, Settle)
    assert (verdict.facts["status"], verdict.facts["finished_at"]) == (status, DONE)
    errors = verdict.facts.get("errors", [])
    assert [error["exception_class_path"] for error in errors] == ([path] if path else [])


@pytest.mark.parametrize(
    "state", [states.PENDING, states.RECEIVED, states.STARTED, states.RETRY, states.REJECTED,
              "PROGRESS"],
)  # fmt: skip
def test_what_is_no_end_to_celery_leaves_the_row(state: str) -> None:
    assert judge(row(), meta(state), NOW) is None


@pytest.mark.parametrize("status", [RUNNING, FAILED, SUCCESSFUL])
def test_row_that_does_not_wait_is_left_alone(status: str) -> None:
    assert judge(row(status=status), meta(states.SUCCESS), NOW) is None


def test_row_whose_message_is_not_sent_is_left_alone() -> None:
    assert judge(row(published_at=None), meta(states.SUCCESS), NOW) is None


@pytest.mark.parametrize("before", [{"token": 1}, {"errors": [{"exception_class_path": "x.Y"}]}])
def test_result_of_before_the_last_message_is_not_of_this_attempt(before: dict[str, Any]) -> None:
    late = row(published_at=DONE + dt.timedelta(seconds=1), **before)

    assert judge(late, meta(states.SUCCESS), NOW) is None
    assert judge(row(**before), meta(states.SUCCESS), NOW) is not None


def test_attempts_are_known_where_celery_stores_more() -> None:
    verdict = judge(row(), meta(states.SUCCESS, retries=2, worker="old@host"), NOW)

    assert isinstance(verdict, Settle)
    assert verdict.facts["worker_ids"] == ["unrecorded", "unrecorded", "old@host"]


@pytest.mark.parametrize(
    ("stored_meta", "workers"),
    [
        (meta(states.REVOKED, TaskRevokedError("expired")), []),
        (meta(states.REVOKED, {**revoked, "exc_message": ["revoked"]}), []),
        (meta(states.REVOKED, {**revoked, "exc_message": ["terminated"]}), ["old@host"]),
        (failure("NotRegistered", "celery.exceptions"), []),
    ],
)
def test_message_that_a_worker_drops_is_no_attempt(
    stored_meta: dict[str, Any], workers: list[str]
) -> None:
    sent_again = [{"exception_class_path": UNKNOWN_NAME}] * MOST_SENDS

    verdict = judge(row(errors=sent_again), {**stored_meta, "worker": "old@host"}, NOW)

    assert isinstance(verdict, Settle)
    assert verdict.facts["worker_ids"] == workers


def test_settled_row_that_is_requeued_is_not_settled_by_the_same_result() -> None:
    first = judge(row(), meta(states.SUCCESS, 1), NOW)
    assert isinstance(first, Settle)
    requeued = row(token=first.facts["token"], published_at=NOW)

    assert judge(requeued, meta(states.SUCCESS, 1), NOW) is None


def test_message_that_a_worker_threw_away_is_sent_again_some_times_then_the_task_fails() -> None:
    task, waits = row(), []
    for _ in range(MOST_SENDS):
        finished_at = dt.datetime.fromisoformat(str(task.published_at)) + dt.timedelta(seconds=1)
        answer = {**meta(states.FAILURE, UNKNOWN), "date_done": finished_at.isoformat()}
        now = finished_at
        while (verdict := judge(task, answer, now)) is None:
            now += dt.timedelta(seconds=1)
        assert isinstance(verdict, SendAgain)
        waits.append(int((now - finished_at).total_seconds()))
        task = row(errors=verdict.errors, published_at=now)

    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600, 600]
    verdict = judge(task, {**meta(states.FAILURE, UNKNOWN), "date_done": None}, NOW)
    assert verdict is None  # nobody says that this is the answer to the last message
    end = {**meta(states.FAILURE, UNKNOWN), "date_done": (now + dt.timedelta(1)).isoformat()}
    verdict = judge(task, end, now + dt.timedelta(2))
    assert isinstance(verdict, Settle)
    assert verdict.facts["status"] == FAILED
    assert len(verdict.facts["errors"]) == MOST_SENDS + 1


def test_revocation_of_a_cancelled_task_that_was_requeued_is_overruled() -> None:
    cancelled = {"exception_class_path": CANCELLED, "traceback": ""}
    revoked = meta(states.REVOKED, TaskRevokedError("revoked"))

    assert isinstance(judge(row(errors=[cancelled]), revoked, NOW), SendAgain)
    assert isinstance(judge(row(), revoked, NOW), Settle)


moments = st.datetimes(dt.datetime(2026, 11, 21), dt.datetime(2026, 11, 22)).map(
    lambda moment: moment.replace(tzinfo=dt.UTC)
)
rows = st.builds(
    row,
    status=st.sampled_from([READY, RUNNING, FAILED, SUCCESSFUL]),
    published_at=st.none() | moments,
    token=st.integers(0, 3),
    errors=st.lists(
        st.sampled_from([UNKNOWN_NAME, "builtins.ValueError"]).map(
            lambda path: {"exception_class_path": path, "traceback": ""}
        ),
        max_size=MOST_SENDS + 2,
    ),
)
metas = st.fixed_dictionaries(
    {
        "status": st.sampled_from([*states.ALL_STATES, "PROGRESS"]),
        "result": st.none()
        | st.integers()
        | st.just(UNKNOWN)
        | st.builds(ValueError)
        | st.dictionaries(st.sampled_from(["exc_type", "exc_module"]), st.text(max_size=5)),
        "date_done": st.none() | moments.map(dt.datetime.isoformat) | moments,
    }
)


@given(task=rows, found=metas, now=moments)
def test_only_an_end_of_this_attempt_ever_changes_a_row(
    task: TaskRow, found: dict[str, Any], now: dt.datetime
) -> None:
    verdict = judge(task, found, now)

    if verdict is None:
        return
    assert task.status == READY
    assert task.published_at is not None
    assert found["status"] in {states.SUCCESS, states.FAILURE, states.REVOKED}
    if isinstance(verdict, Settle):
        assert verdict.facts["status"] in {FAILED, SUCCESSFUL}
        assert (verdict.facts["status"] == SUCCESSFUL) == (found["status"] == states.SUCCESS)
        assert verdict.facts["token"] > task.token
    else:
        assert found["result"] == UNKNOWN
        assert len(verdict.errors) == len(task.errors) + 1
        sends = [e for e in verdict.errors if e["exception_class_path"] == UNKNOWN_NAME]
        assert len(sends) <= MOST_SENDS


@pytest.mark.parametrize("serializer", ["json", "pickle"])
def test_class_is_named_as_celery_stored_it(serializer: str, tmp_path: Path) -> None:
    app = Celery("verdict", backend=f"file://{tmp_path}", set_as_current=False)
    app.conf.update(result_serializer=serializer, accept_content=[serializer, "json"])
    app.backend.mark_as_failure("one", LookupError("x"), traceback="Traceback: x")
    app.backend.mark_as_done("two", {"a": 1})

    found = stored.read(app, ["one", "two", "three"])

    assert found.keys() == {"one", "two"}
    first, second = (judge(row(), found[name], NOW) for name in ("one", "two"))
    assert isinstance(first, Settle)
    assert first.facts["errors"][0]["exception_class_path"] == "builtins.LookupError"
    assert first.facts["errors"][0]["traceback"] == "Traceback: x"
    assert isinstance(second, Settle)
    assert second.facts["return_value"] == {"a": 1}
