"""Expired, revoked, unknown, renamed: how a task ends that no body of this code has ended."""

from __future__ import annotations

import time

import pytest

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("plant", ["redis", "rabbitmq"], indirect=True),
]


def error_of(row: dict[str, object]) -> str:
    """Return the class of the last error of a row."""
    errors = row["errors"]
    assert isinstance(errors, list)
    return str(errors[-1]["exception_class_path"])


def test_expired_and_revoked_tasks_fail_and_do_not_run(plant: Plant) -> None:
    late = plant.run("new", "give(note.using(expires=1).enqueue('late').id)")
    plant.run("old", "note.apply_async(('late legacy',), expires=1)")
    time.sleep(1.2)
    plant.ready(plant.worker("new"))
    later = plant.run(
        "new", "give(note.using(run_after=timedelta(seconds=4)).enqueue('revoked').id)"
    )
    plant.run(
        "old",
        "from celery import current_app\n"
        f"current_app.control.revoke({later!r})\n"
        "legacy = note.apply_async(('revoked legacy',), countdown=2)\n"
        "legacy.revoke()",
    )

    expired, revoked = plant.settled(late, later)

    assert error_of(expired) == "bridge.exceptions.TaskExpired"
    assert error_of(revoked) == "celery.exceptions.TaskRevokedError"
    assert {row["status"] for row in (expired, revoked)} == {"FAILED"}
    plant.run("new", "note.enqueue('next')")
    plant.ran("next")
    assert [name for name, _, _ in plant.runs()] == ["next"]


def test_names_that_are_gone_are_kept_and_old_names_lead_to_the_task(plant: Plant) -> None:
    send = "from celery import current_app\n"
    ids = plant.run(
        "old",
        f"{send}give([current_app.send_task(name, (name,)).id for name in"
        " ('plant.tasks.water', 'garden.water', 'garden.pour', 'garden.sprinkle')]"
        " + [only_old.delay('kept').id])",
    )
    plant.ready(plant.worker("new"))

    *renamed, gone = plant.settled(*ids)

    assert {row["status"] for row in renamed} == {"SUCCESSFUL"}
    assert {row["task_path"] for row in renamed} == {"plant.tasks.water"}
    assert (gone["status"], gone["task_path"]) == ("FAILED", "plant.tasks.only_old")
    assert (gone["args"], error_of(gone)) == (["kept"], "bridge.exceptions.TaskNotFound")
    assert len(plant.runs()) == 4


def test_task_that_only_new_code_has_waits_on_and_shows_the_refusal(plant: Plant) -> None:
    plant.ready(plant.worker("old"))
    task_id = plant.run("new", "give(only_new.enqueue('job').id)")
    read = (
        "from bridge.interface import task_backends\n"
        f"result = task_backends['default'].get_result({task_id!r})\n"
        "give([str(result.status), [e.exception_class_path for e in result.errors]])"
    )

    told = wait_for(lambda: (answer := plant.run("new", read))[1] and answer, "the refusal")

    assert told == ["READY", ["celery.exceptions.NotRegistered"]]  # another message is sent
    assert plant.runs() == []
