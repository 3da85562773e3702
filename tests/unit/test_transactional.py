"""A body in one transaction with its success, and a server that undoes both for another's sake."""

from __future__ import annotations

import pytest
from django.db import OperationalError, transaction

from bridge.context import SILENCE
from bridge.ids import new_id
from bridge.outcome import Failed, Outcome, Succeeded
from bridge.results import new_result
from bridge.transactional import attempt_in_transaction
from tests.app.models import Run
from tests.app.transactional import record

pytestmark = pytest.mark.django_db(transaction=True)
DEADLOCK = OperationalError(1213, "Deadlock found when trying to get lock; try restarting")


def run(*refusals: Exception) -> tuple[Outcome, int]:
    """Attempt a task whose success the server refuses like this; return how often it was stored."""
    stored = []
    errors = iter(refusals)

    def store(outcome: Succeeded) -> bool:
        stored.append(outcome)
        if error := next(errors, None):
            raise error
        return True

    result = new_result(record, new_id(), ["once"], {}, backend="default", enqueued_at=None)
    outcome = attempt_in_transaction(result, store, using="default", losses=0, channel=SILENCE)
    return outcome, len(stored)


def test_body_that_a_deadlock_undoes_after_its_end_is_called_again() -> None:
    outcome, stored = run(DEADLOCK, DEADLOCK)

    assert isinstance(outcome, Succeeded)
    assert stored == 3
    assert list(Run.objects.values_list("name", flat=True)) == ["once"]


def test_third_deadlock_is_the_failure_of_the_task() -> None:
    outcome, stored = run(DEADLOCK, DEADLOCK, DEADLOCK)

    assert isinstance(outcome, Failed)
    assert (outcome.exception, stored) == (DEADLOCK, 3)
    assert not Run.objects.exists()


def test_any_other_refusal_fails_the_task_at_once() -> None:
    outcome, stored = run(OperationalError(2013, "Lost connection"))

    assert isinstance(outcome, Failed)
    assert stored == 1


def test_deadlock_within_the_transaction_of_a_caller_is_the_callers() -> None:
    with transaction.atomic():
        outcome, stored = run(DEADLOCK)

    assert isinstance(outcome, Failed)
    assert stored == 1
