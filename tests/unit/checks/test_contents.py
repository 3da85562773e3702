"""W040 to W046: what --deploy finds in the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import CheckMessage
from django.utils import timezone

from bridge.checks import contents
from bridge.ledger.models import PauseRow, TaskRow, WorkerRow
from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db(databases=list(settings.DATABASES))


class Ledger:
    """The ledger of TASKS["default"] in one database, or of another backend there."""

    def __init__(self, database: str) -> None:
        self.database = database

    def put(self, count: int = 1, *, age: float = 0, **facts: Any) -> None:
        """Enqueue tasks some minutes ago."""
        at = timezone.now() - timedelta(minutes=age)
        facts = {"task_path": "tests.app.tasks.add", "transport": "db", **facts}
        rows = (TaskRow(enqueued_at=at, on_lost="retry", **facts) for _ in range(count))
        TaskRow.objects.using(self.database).bulk_create(rows)

    def hire(self, *, lease: float = 30, transport: str = "db") -> None:
        """Let a worker be alive."""
        now = timezone.now()
        WorkerRow.objects.using(self.database).create(
            id=f"w{lease}{transport}",
            transport=transport,
            started_at=now,
            expires_at=now + timedelta(seconds=lease),
        )

    def pause(self, queue: str, *, age: float) -> None:
        """Pause a queue some minutes ago."""
        at = timezone.now() - timedelta(minutes=age)
        PauseRow.objects.using(self.database).create(transport="db", queue_name=queue, paused_at=at)

    def find(self, short_id: str, **settings: Any) -> list[CheckMessage]:
        """Return the messages with this id; keywords change the entry of TASKS."""
        backend = entry(DATABASE=self.database) | settings
        return find(short_id, deploy=True, default=backend)


@pytest.fixture(params=settings.DATABASES)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return Ledger(request.param)


def test_tasks_that_nobody_runs(ledger: Ledger) -> None:
    ledger.put(3, age=10)
    ledger.hire(lease=-30)

    (warning,) = ledger.find("W040")
    assert warning.msg.startswith("No worker is alive, and the ledger of TASKS['default'] has 3 w")

    ledger.hire()
    assert ledger.find("W040") == []


def test_tasks_that_were_sent_and_never_heard_of(ledger: Ledger) -> None:
    celery = {
        "BACKEND": "bridge.CeleryBackend",
        "OPTIONS": {"DATABASE": ledger.database, "APP": "tests.app.celery.app"},
    }
    now = timezone.now()
    sent = {"transport": "celery", "age": 200, "published_at": now - timedelta(hours=2)}
    ledger.put(transport="celery", age=200, published_at=now)
    ledger.put(**sent, run_after=now + timedelta(days=1))
    ledger.put(**sent, status="SUCCESSFUL", finished_at=now)
    assert ledger.find("W046", **celery) == []

    ledger.put(2, **sent)
    ledger.put(**sent, run_after=now - timedelta(minutes=90))

    (warning,) = ledger.find("W046", **celery)
    assert "TASKS['default'] there are 3 waiting tasks whose message was sent" in warning.msg


def test_tasks_that_a_restart_keeps_waiting_are_nothing(ledger: Ledger) -> None:
    ledger.put(3, age=2)
    ledger.put(run_after=timezone.now() + timedelta(days=1), wake_at=timezone.now(), age=10)
    ledger.put(status="SUCCESSFUL", finished_at=timezone.now(), age=10)

    assert ledger.find("W040") == []


def test_messages_that_nobody_sends(ledger: Ledger) -> None:
    celery = {
        "BACKEND": "bridge.CeleryBackend",
        "OPTIONS": {"DATABASE": ledger.database, "APP": "tests.app.celery.app"},
    }
    ledger.hire()  # of another transport
    ledger.put(2, age=10, transport="celery", published_at=timezone.now())

    assert ledger.find("W040", **celery) == []  # a worker of the old code may have run them

    ledger.put(age=10, transport="celery")
    (warning,) = ledger.find("W040", **celery)
    assert "has 1 waiting task, the oldest since" in warning.msg

    ledger.hire(transport="celery")
    assert ledger.find("W040", **celery) == []


def test_backlog_is_told_by_queue(ledger: Ledger) -> None:
    ledger.hire()
    ledger.put(2, age=70, queue_name="mail")
    ledger.put(5, age=50, queue_name="slow")

    (warning,) = ledger.find("W041")
    assert warning.msg.startswith("Queue 'mail' of the ledger of TASKS['default'] has 2 waiting ")
    assert warning.msg.endswith("Workers that are alive: 1.")


def test_tasks_that_wait_for_a_limit_or_a_person_are_no_backlog(ledger: Ledger) -> None:
    ledger.hire()
    ledger.put(age=70, lane="x" * 32)
    ledger.put(age=70, queue_name="mail")
    ledger.pause("mail", age=70)

    assert ledger.find("W041") == []


def test_pause_that_was_forgotten(ledger: Ledger) -> None:
    ledger.pause("mail", age=70)
    assert ledger.find("W042") == []

    ledger.put(2, queue_name="mail")
    (warning,) = ledger.find("W042")
    assert warning.msg.startswith("Queue 'mail' of the ledger of TASKS['default'] is paused since")
    assert warning.msg.endswith(", and has 2 waiting tasks.")


def test_pause_of_a_moment_ago_is_meant(ledger: Ledger) -> None:
    ledger.pause("mail", age=10)
    ledger.put(2, queue_name="mail")

    assert ledger.find("W042") == []


def test_queue_that_the_settings_no_longer_have(ledger: Ledger) -> None:
    ledger.put(2, queue_name="reports")

    (warning,) = ledger.find("W043")
    assert warning.msg.startswith("Queue 'reports' of the ledger of TASKS['default'] is in no Q")
    assert ledger.find("W043", QUEUES=["default", "reports"]) == []
    assert ledger.find("W043", QUEUES=[]) == []


def test_tasks_that_this_release_does_not_have(ledger: Ledger) -> None:
    ledger.put(2)
    ledger.put(3, task_path="tests.app.tasks.gone")

    (warning,) = ledger.find("W044")
    assert warning.msg.startswith("'tests.app.tasks.gone' cannot be imported, and the ledger of")
    moved = {
        "DATABASE": ledger.database,
        "ALIASES": {"tests.app.tasks.gone": "tests.app.tasks.add"},
    }
    assert ledger.find("W044", OPTIONS=moved) == []


def test_tasks_that_have_run_may_be_gone(ledger: Ledger) -> None:
    ledger.put(task_path="tests.app.tasks.gone", status="FAILED", finished_at=timezone.now())

    assert ledger.find("W044") == []


def test_ledger_that_nobody_prunes(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MANY", 3)
    for _ in range(3):
        ledger.put(status="SUCCESSFUL", finished_at=timezone.now())
    assert ledger.find("W045") == []

    ledger.put(status="SUCCESSFUL", finished_at=timezone.now())
    (warning,) = ledger.find("W045")
    assert "more than 3 finished tasks" in warning.msg
    kept = {"DATABASE": ledger.database, "RETENTION": {"SUCCESSFUL": "7d"}}
    assert ledger.find("W045", OPTIONS=kept) == []
