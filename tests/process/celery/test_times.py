"""Zones and clocks: what a result says is UTC now, whatever the settings or the machine say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["redis"], indirect=True),
]
TOKYO = "Asia/Tokyo"
SOON = timedelta(seconds=2)
ENQUEUE = """
from django.utils import timezone
soon = timezone.now() + timedelta(seconds=2)
give([note.using(run_after=soon).enqueue('run_after').id,
      note.using(run_after=timedelta(seconds=2)).enqueue('delay').id,
      note.enqueue('now').id])
"""
RESULTS = """
from bridge.interface import task_backends
from django.utils.timezone import is_naive, make_aware
def utc(value):
    return value and (make_aware(value) if is_naive(value) else value).astimezone(UTC).isoformat()
results = [task_backends['default'].get_result(i) for i in {ids!r}]
names = ['enqueued_at', 'started_at', 'last_attempted_at', 'finished_at']
give([[str(r.status), r.return_value if r.is_finished else None,
       is_naive(r.enqueued_at or r.started_at), *[utc(getattr(r, n)) for n in names]]
      for r in results])
"""


def results(plant: Plant, ids: list[str]) -> list[list[object]]:
    """Return what another process reads, once all have finished."""

    def look() -> list[list[object]]:
        told = plant.run("new", RESULTS.format(ids=ids))
        return told if all(each[0] == "SUCCESSFUL" for each in told) else []

    return wait_for(look, f"the end of {ids}")


def moments(result: list[object]) -> list[datetime]:
    """Return the times that a result has."""
    return [datetime.fromisoformat(str(text)) for text in result[3:] if text]


@pytest.mark.parametrize("use_tz", ["1", "0"])
def test_times_are_utc_whatever_the_time_zone_of_django_and_celery(
    plant: Plant, use_tz: str
) -> None:
    plant.environment |= {"PLANT_TIMEZONE": TOKYO, "PLANT_USE_TZ": use_tz}
    before = datetime.now(UTC)
    by_old = plant.run("new", ENQUEUE)
    old = plant.worker("old")
    plant.ready(old)
    told = results(plant, by_old)
    old.kill_all()
    by_new = plant.run("new", ENQUEUE)
    legacy = plant.run(
        "old", "give([note.apply_async(('eta',), countdown=2).id, note.delay('at once').id])"
    )
    plant.ready(plant.worker("new"))
    plant.settled(*legacy)  # they have no row before they run
    told += results(plant, [*by_new, *legacy])
    after = datetime.now(UTC)

    names = ["run_after", "delay", "now"]
    assert [each[1] for each in told] == [*names, *names, "eta", "at once"]
    assert {each[2] for each in told} == {use_tz == "0"}
    for each in told:
        times = moments(each)
        assert times == sorted(times)
        assert before <= times[0]
        assert times[-1] <= after
    for each in [*told[:2], *told[3:5]]:
        assert moments(each)[-1] - moments(each)[0] >= SOON - timedelta(seconds=0.1)


@pytest.mark.parametrize("off", ["3600", "-3600"])
def test_worker_whose_clock_is_wrong_loses_nothing_and_runs_nothing_twice(
    plant: Plant, off: str
) -> None:
    """Leases are read by the clock of the database, which all workers share."""
    plant.environment["PLANT_LEASE"] = "3"
    right = plant.worker("new", size=1)
    plant.environment["PLANT_CLOCK"] = off
    wrong = plant.worker("new", size=1)
    del plant.environment["PLANT_CLOCK"]
    plant.ready(right, wrong)

    ids = plant.run("new", "give([note.enqueue(f'n{i}', 1).id for i in range(12)])")
    held = plant.run("new", "give([note.enqueue(f'held{i}', 5).id for i in range(2)])")

    rows = plant.settled(*ids, *held)
    assert {row["status"] for row in rows} == {"SUCCESSFUL"}
    assert {len(row["worker_ids"]) for row in rows} == {1}
    assert len(plant.runs()) == len(rows)
    assert len({pid for _, _, pid in plant.runs()}) == 2
    said = right.output() + wrong.output()
    assert " lost, on_lost" not in said
    assert "message dropped" not in said
