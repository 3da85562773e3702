"""The Celery task behind a task: what Celery's own API sends and runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from celery import Celery, chain, chord, current_app, group
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from bridge import MaxAttemptsExceeded
from bridge.ledger.models import TaskRow
from compat.celery.backend import CeleryBackend
from compat.celery.legacy import celery_task
from tests.app import tasks
from tests.unit.celery import declared
from tests.unit.celery.conftest import Broker

IMMEDIATE = {"default": {"BACKEND": "bridge.ImmediateBackend", "QUEUES": ["default", "mail"]}}


@pytest.fixture
def eager(unsubscribed: None) -> Iterator[Celery]:
    """Celery's current app, which runs tasks at once, and no CeleryBackend."""
    conf = current_app.conf
    before = conf.task_always_eager, conf.task_eager_propagates, conf.result_backend
    conf.update(
        task_always_eager=True, task_eager_propagates=True, result_backend="cache+memory://"
    )
    with override_settings(TASKS=IMMEDIATE):
        yield current_app
    conf.task_always_eager, conf.task_eager_propagates, conf.result_backend = before


def test_message_of_a_canvas_has_the_wire_name_the_queue_and_the_rest_of_the_chain(
    backend: CeleryBackend, broker: Broker
) -> None:
    (celery_task(tasks.note).s("x") | celery_task(declared.mailed).s()).apply_async(
        headers={"tenant": "a"}
    )
    celery_task(declared.mailed).delay("y")

    (first,) = broker.take()
    assert first.headers["task"] == "legacy.note"
    assert first.headers["tenant"] == "a"
    assert first.payload[2]["chain"][0]["task"] == declared.mailed.module_path
    (second,) = broker.take("mail")
    assert second.properties["priority"] == 9
    assert second.headers["expires"] is not None


@pytest.mark.django_db(transaction=True)
def test_what_enqueue_sends_follows_its_row_and_not_the_celery_task(
    backend: CeleryBackend, broker: Broker
) -> None:
    plain = declared.mailed.using(queue_name="default", priority=0, expires=None)
    plain.enqueue("x")

    (message,) = broker.take()
    assert message.properties.get("priority") in (None, 0)
    assert message.headers["expires"] is None


def test_copy_made_by_using_is_refused(backend: CeleryBackend) -> None:
    with pytest.raises(ValueError, match=r"not a copy of it with another queue_name"):
        celery_task(tasks.note.using(queue_name="mail"))


def test_celery_task_of_old_code_under_the_same_name_is_refused(
    backend: CeleryBackend, app: Celery
) -> None:
    celery_task(tasks.add)
    app.tasks.unregister("tests.app.tasks.add")

    @app.task(name="tests.app.tasks.add", shared=False)
    def add() -> None: ...

    with pytest.raises(ImproperlyConfigured, match="old code declares it"):
        celery_task(tasks.add)


def test_without_celery_workers_it_says_what_to_do() -> None:
    with (
        override_settings(TASKS=IMMEDIATE),
        pytest.raises(ImproperlyConfigured, match=r"Add an entry .*task_always_eager"),
    ):
        celery_task(tasks.add)


@pytest.mark.django_db
@pytest.mark.parametrize("configured", ["eager", "configure"])
def test_canvas_runs_at_once_in_tests(
    configured: str, request: pytest.FixtureRequest, app: Celery
) -> None:
    given = request.getfixturevalue(configured)
    if configured == "configure":
        app.conf.task_always_eager = True
        given()
    add, attempt = celery_task(tasks.add), celery_task(tasks.attempt_number)

    assert chain(add.s(1, 2), add.s(3)).apply_async().get() == 6
    assert group(add.s(1, 1), attempt.s(10)).apply_async().get() == [2, 11]
    assert (
        chord([add.s(1, 1), add.s(2, 2)], celery_task(declared.total).s()).apply_async().get() == 6
    )
    assert add.delay(1, 2).get() == 3
    assert add(1, 2) == 3
    assert TaskRow.objects.exists() == (configured == "configure")


def test_task_in_place_is_tried_again_and_raises_what_fails_it(eager: Celery) -> None:
    declared.tries.clear()
    assert celery_task(declared.stubborn).delay(3).get() == 3
    assert declared.tries == [1, 2, 3]

    with pytest.raises(ConnectionError):
        celery_task(declared.stubborn).delay(9)
    with pytest.raises(MaxAttemptsExceeded):
        celery_task(declared.endless).delay()


def test_arguments_in_place_may_be_what_only_celery_can_send(eager: Celery) -> None:
    assert celery_task(declared.type_of).delay(dt.datetime(2026, 1, 1)).get() == "datetime"


def test_celery_keeps_a_rate_without_key_per_worker(
    configure: Callable[..., CeleryBackend], app: Celery
) -> None:
    configure()

    assert celery_task(declared.often).rate_limit == pytest.approx(0.5)
    assert celery_task(declared.often_each).rate_limit is None
