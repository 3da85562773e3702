"""What TYPED_JSON adds: the values that Celery's messages carry besides JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from bridge import RETURN_VALUE
from tests.app import promises
from tests.conformance.harness import Harness, finished

VALUES = [
    datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    datetime(2026, 1, 2),
    date(2026, 1, 2),
    time(3, 4, 5),
    Decimal("1.10"),
    UUID(int=7),
    b"caf\xc3\xa9",
    b"\xff\x00",
    {"nested": [UUID(int=8), None]},
]


@pytest.fixture(autouse=True)
def _typed(harness: Harness) -> Iterator[None]:
    with harness.configured(OPTIONS={**harness.options, "TYPED_JSON": True}):
        yield


@pytest.mark.needs("executes", "runs_here")
def test_function_gets_and_returns_dates_decimals_uuids_and_bytes(harness: Harness) -> None:
    result = finished(harness, promises.tell_types.enqueue(VALUES, last=Decimal(2)))

    assert result.return_value == [VALUES, [type(value).__name__ for value in VALUES], Decimal(2)]


@pytest.mark.needs("executes")
def test_model_instance_is_still_refused(harness: Harness) -> None:
    with pytest.raises(TypeError, match="primary key"):
        promises.echo.enqueue(object())


@pytest.mark.needs("executes", "runs_here")
@pytest.mark.honours("on_success")
def test_hook_gets_what_the_task_returned(harness: Harness) -> None:
    promises.seen.clear()
    task = promises.echo.using(on_success=promises.see.hook(RETURN_VALUE, Decimal("0.5")))

    finished(harness, task.enqueue(UUID(int=9)))
    harness.work()

    assert promises.seen == [(UUID(int=9), Decimal("0.5"))]


@pytest.mark.needs("executes", "runs_here")
def test_many_calls_carry_them_too(harness: Harness) -> None:
    results = promises.echo.enqueue_many([(UUID(int=n),) for n in range(3)])

    harness.work()

    if harness.backend.supports_get_result or harness.runs_at_once:
        values = [finished(harness, result).return_value for result in results]
        assert values == [UUID(int=n) for n in range(3)]
