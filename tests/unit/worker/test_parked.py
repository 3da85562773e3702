from __future__ import annotations

import math
import time
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from bridge.ledger import ending
from bridge.ledger.ending import Consequences
from bridge.ledger.models import TaskRow
from bridge.worker.held import Held
from bridge.worker.parked import REST, SOON, Parked
from bridge.worker.post import Delivery


def delivery(batch_id: UUID | None = None) -> Delivery:
    row = TaskRow()
    how = ending.succeed(row, None)
    return Held(row, 0), replace(how, consequences=Consequences((), batch_id))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_tried_before_its_time_and_all_of_it_then(now: list[float]) -> None:
    parked, each = Parked(), delivery()
    assert parked.rest == math.inf
    parked.put([each])
    assert (len(parked), parked.take(), parked.rest) == (1, [], pytest.approx(SOON))

    now[0] += SOON

    assert parked.take() == [each]
    assert (len(parked), parked.rest) == (0, math.inf)


def test_what_is_put_later_does_not_put_off_the_next_try(now: list[float]) -> None:
    parked = Parked()
    parked.put([delivery()])
    now[0] += SOON / 2
    parked.put([delivery()])
    assert parked.rest == pytest.approx(SOON / 2)


def test_tries_that_have_to_wait_take_a_part_of_the_time_only(now: list[float]) -> None:
    parked = Parked()
    parked.put([delivery()])
    now[0] += SOON
    parked.put(parked.take())

    parked.tried(1.0)

    assert parked.rest == pytest.approx(REST)


def test_endings_join_those_whose_batch_waits(now: list[float]) -> None:
    parked, batch = Parked(), uuid4()
    same, another, none = delivery(batch), delivery(uuid4()), delivery()
    assert parked.joined([same, another, none]) == [same, another, none]
    parked.put([delivery(batch)])

    assert parked.joined([same, another, none]) == [another, none]
    assert len(parked) == 2
