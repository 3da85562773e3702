"""What manage.py check says of a CeleryBackend."""

from __future__ import annotations

import math
from typing import Any
from unittest import mock

import pytest
from celery import Celery
from django.test import override_settings
from kombu import Queue

from bridge import task
from bridge.interface import task_backends
from compat.celery.broker import Broker
from tests.app.tasks import note
from tests.unit.celery import apps
from tests.unit.checks.found import entry, find

pytestmark = pytest.mark.django_db


def celery(**options: Any) -> Any:
    """Return an entry on Celery."""
    return entry("bridge.CeleryBackend", APP="tests.unit.celery.apps.app", **options)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [("MAX_PAYLOAD", 0, 1000), ("MAX_PAYLOAD", "1 MB", None), ("HOLD_ETA", 0.1, math.inf)],
)
def test_wrong_options_are_errors(name: str, wrong: Any, right: Any) -> None:
    (error,) = find("E011", default=celery(**{name: wrong}))

    assert error.msg.startswith(f"{name} of TASKS['default'] must be ")
    assert error.msg.endswith(f"not {wrong!r}.")
    assert find("E011", default=celery(**{name: right})) == []


@pytest.fixture
def conf(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings of the app, which is new for this test."""
    app = Celery("unit", broker="memory://", set_as_current=False)
    monkeypatch.setattr(apps, "app", app)
    return app.conf


def test_driver_that_is_not_installed(conf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find("E013", default=celery()) == []

    conf.broker_url = "redis://"
    monkeypatch.setattr(Broker, "of", mock.Mock(side_effect=ImportError("No module named 'redis'")))
    (error,) = find("E013", default=celery())
    assert "No module named 'redis'" in error.msg


@pytest.mark.parametrize("accepted", [["pickle"], ["application/x-python-serialize"], []])
def test_messages_that_workers_refuse(conf: Any, accepted: list[str]) -> None:
    for fine in (["json"], ["application/json", "pickle"]):
        conf.accept_content = fine
        assert find("E014", default=celery()) == []

    conf.accept_content = accepted
    (error,) = find("E014", default=celery())
    assert "sends 'json'" in error.msg


def test_priority_that_a_queue_does_not_know(conf: Any) -> None:
    conf.broker_url = "amqp://"
    conf.task_queues = [Queue("celery"), Queue("mail", max_priority=10)]
    with override_settings(TASKS={"default": celery()}):
        declared = task(priority=5)(note.func)
        backend = task_backends["default"]

        (warning,) = backend.check_task(declared)
        assert warning.id == "bridge.W014"
        assert "the queue 'celery' of the broker has no priorities" in warning.msg
        assert backend.check_task(declared.using(queue_name="mail")) == []


def test_hold_that_is_longer_than_the_broker_waits(conf: Any) -> None:
    conf.broker_url = "redis://"
    assert find("W023", deploy=True, default=celery(HOLD_ETA=1800)) == []

    (warning,) = find("W023", deploy=True, default=celery(HOLD_ETA=7200))
    assert "is 7200 s, and the broker waits for 3600 s" in warning.msg


def test_messages_of_the_project_that_nobody_confirms(conf: Any) -> None:
    assert find("W024", deploy=True, default=celery()) == []

    conf.broker_url = "amqp://"
    (warning,) = find("W024", deploy=True, default=celery())
    assert "confirm_publish" in warning.msg
    conf.broker_transport_options = {"confirm_publish": True}
    assert find("W024", deploy=True, default=celery()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"acks_late": True}, "declare the policy on_lost of the task"),
        ({"soft_time_limit": 5}, "declare the policy timeout of the task"),
        ({"serialiser": "json"}, "options that no policy stands for are compression,"),
    ],
)
def test_options_that_are_policies_or_nothing(options: Any, words: str) -> None:
    (error,) = find("E011", default=celery(TASK_OPTIONS={"tests.app.tasks.note": options}))

    assert words in error.msg
    assert find("E011", default=celery(TASK_OPTIONS={"a.b": {"ignore_result": True}})) == []
