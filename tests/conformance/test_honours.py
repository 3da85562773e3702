"""A backend honours the policies it says it honours, and no other: the checks go by its word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from bridge.interface import InvalidTask
from tests.app import overruns, tasks, transactional, unique
from tests.app.models import Run
from tests.conformance.harness import Harness, finished


def retries(harness: Harness) -> bool:
    finished(harness, tasks.unreachable.enqueue("again"))
    return Run.objects.count() > 1


def interrupts(harness: Harness) -> bool:
    result = finished(harness, overruns.block.enqueue("long", 2))
    return bool(result.errors) and "TaskTimeout" in result.errors[0].exception_class_path


def expires(harness: Harness) -> bool:
    late = tasks.note.using(expires=dt.timedelta(microseconds=1))
    return str(finished(harness, late.enqueue("late")).status) == "FAILED"


def enqueues_once(harness: Harness) -> bool:
    return unique.sync.enqueue(1).id == unique.sync.enqueue(1).id


def undoes(harness: Harness) -> bool:
    if harness.database != "default":
        pytest.skip("the bodies write to another database than that of the ledger")
    result = finished(harness, transactional.record_and_fail.enqueue("undone"))
    return str(result.status) == "FAILED" and not Run.objects.exists()


def follows_success(harness: Harness) -> bool:
    finished(harness, tasks.add.using(on_success=tasks.note.hook("done")).enqueue(1, 2))
    return Run.objects.filter(name="done").exists()


def follows_failure(harness: Harness) -> bool:
    finished(harness, tasks.fail.using(on_failure=tasks.note.hook("failed")).enqueue("no"))
    return Run.objects.filter(name="failed").exists()


# Losses, kills and limits need workers; they are tested with them.
SEEN: dict[str, Callable[[Harness], bool]] = {
    "retry": retries,
    "timeout": interrupts,
    "expires": expires,
    "unique": enqueues_once,
    "transactional": undoes,
    "on_success": follows_success,
    "on_failure": follows_failure,
}


@pytest.mark.parametrize("policy", SEEN)
def test_policy_is_honoured_where_the_backend_says_so(harness: Harness, policy: str) -> None:
    if not harness.executes:
        harness = replace(harness, drain=lambda: None)

    try:
        seen = SEEN[policy](harness)
    except InvalidTask:
        seen = False
    assert seen == (policy in harness.backend.honours)  # type: ignore[attr-defined]
