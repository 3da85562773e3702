"""The facade: options, warnings, other backends, and no celery."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from bridge import RateLimit, exponential, fixed
from bridge.interface import DjangoTask
from compat.celery.facade import (
    LegacyCallWarning,
    MaxRetriesExceededError,
    Retry,
    chain,
    chord,
    notices,
    shared_task,
)
from compat.celery.facade.options import read_options
from tests.app import celery_style as app

DJANGO = {
    "default": {
        "BACKEND": f"{DjangoTask.__module__.rpartition('.')[0]}.backends.immediate.ImmediateBackend"
    }
}


def policies(**options: Any) -> dict[str, Any]:
    return read_options(options)[1]


def test_options_become_policies() -> None:
    fields = policies(
        queue="mail",
        acks_late=True,
        soft_time_limit=30,
        time_limit=60,
        expires=90,
        rate_limit="10/m",
        ignore_result=True,
        serializer="json",
    )

    del fields["retry"]
    assert fields == {
        "queue_name": "mail",
        "on_lost": "retry",
        "timeout": 30,
        "hard_timeout": 60,
        "expires": 90,
        "rate_limit": RateLimit("10/m"),
    }
    assert policies(acks_late=False)["on_lost"] == "fail"
    assert "rate_limit" not in policies(rate_limit=0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (4, (), fixed(180))),
        ({"autoretry_for": (OSError,)}, (4, (OSError,), fixed(180))),
        ({"autoretry_for": (OSError,), "max_retries": None}, (None, (OSError,), fixed(180))),
        (
            {"autoretry_for": (OSError,), "retry_kwargs": {"max_retries": 10, "countdown": 5}},
            (11, (OSError,), fixed(5)),
        ),
        (
            {"autoretry_for": (OSError,), "retry_backoff": 3, "default_retry_delay": 9},
            (4, (OSError,), exponential(3)),
        ),
        ({"autoretry_for": (OSError,), "retry_backoff": True}, (4, (OSError,), exponential(1))),
    ],
)
def test_retry_options_mean_what_the_codemod_writes(options: Any, expected: Any) -> None:
    retry = policies(**options)["retry"]

    assert (retry.max_attempts, retry.on, retry.backoff) == expected


def test_a_backoff_is_bounded_and_jittered_like_celerys() -> None:
    retry = policies(autoretry_for=(OSError,), retry_backoff=True)["retry"]
    plain = policies(
        autoretry_for=(OSError,), retry_backoff=True, retry_backoff_max=9, retry_jitter=False
    )["retry"]

    assert (retry.max_delay, retry.jitter) == (600, True)
    assert (plain.max_delay, plain.jitter) == (9, False)


def test_priorities_are_on_the_scale_of_the_broker() -> None:
    with override_settings(CELERY_BROKER_URL="redis://"):
        assert policies(priority=9)["priority"] == -100
    with override_settings(CELERY_BROKER_URL="amqp://"):
        assert policies(priority=9)["priority"] == 100
    with pytest.raises(ValueError, match="0 to 9"):
        policies(priority=10)


def test_unknown_options_and_those_nothing_carries_over_are_errors() -> None:
    with pytest.raises(TypeError, match="retires"):
        shared_task(retires=3)(app.add.__wrapped__)
    for options in ({"base": object}, {"on_failure": print}, {"serializer": "pickle"}):
        with pytest.raises(NotImplementedError):
            read_options(options)
    with pytest.raises(TypeError, match="decorates a function"):
        shared_task("mail")  # type: ignore[call-overload]


def test_a_bound_task_needs_a_self() -> None:
    with pytest.raises(TypeError, match="takes itself first"):
        shared_task(bind=True)(nothing)


def nothing() -> None:
    """Do nothing."""


def test_tasks_and_retries_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(app.stubborn.using(queue_name="mail")))

    assert (copy.queue_name, copy.max_retries) == ("mail", 2)
    assert copy.retry.default_delay == 0
    error = pickle.loads(pickle.dumps(Retry("again", when=5)))
    assert (str(error), error.delay) == ("again", 5)


def test_options_can_be_read_from_the_task() -> None:
    task = app.automatic
    assert (task.max_retries, task.autoretry_for) == (3, (ConnectionError,))
    assert (task.soft_time_limit, task.time_limit, task.acks_late) == (None, None, False)
    assert app.water.ignore_result is True
    assert task.app.tasks is not None


def test_a_pushed_request_is_what_run_sees() -> None:
    app.who.push_request(id="x", retries=3, called_directly=False)
    try:
        assert app.who.run()["id"] == "x"
        assert app.who.request.retries == 3
    finally:
        app.who.pop_request()
    assert app.who.request.id is None


@pytest.fixture
def _warn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DEP_MIGRATION_WARN", "1")
    notices.forget()
    yield
    notices.forget()


IMMEDIATE = {"default": {"BACKEND": "bridge.ImmediateBackend"}}


@pytest.mark.usefixtures("_warn")
@override_settings(TASKS=IMMEDIATE)
def test_each_place_of_a_legacy_verb_warns_once_with_the_codemods_code() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            app.add.delay(1)
        app.add.apply_async((1,))
        app.add.s(1)
        app.add.enqueue(1)

    told = [(each.category, str(each.message)[:6], each.filename) for each in caught]
    assert told == [
        (LegacyCallWarning, "CEL201", __file__),
        (LegacyCallWarning, "CEL202", __file__),
        (LegacyCallWarning, "CEL401", __file__),
    ]


@override_settings(TASKS=IMMEDIATE)
def test_nothing_warns_unless_asked() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app.add.delay(1)


@override_settings(TASKS=DJANGO)
def test_a_backend_of_djangos_runs_tasks() -> None:
    assert app.add.delay(1, 2).get() == 3
    assert app.who.delay(1).get()["called_directly"] is False
    failed = app.broken.delay()
    assert failed.state == "FAILURE"
    with pytest.raises(LookupError):
        failed.get()


@override_settings(TASKS=DJANGO)
def test_a_backend_of_djangos_runs_nothing_twice_and_says_so() -> None:
    assert isinstance(app.stubborn.delay(1).result, ConnectionError)
    assert isinstance(app.gives_up.delay().result, MaxRetriesExceededError)
    for canvas in (chain(app.add.s(1), app.add.s(1)), chord([app.add.s(1)], app.total.s())):
        with pytest.raises(NotImplementedError, match="backend"):
            canvas.delay()


def test_canvases_that_could_not_be_right_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="begin a chain"):
        chain(app.add.s(1), chord([app.add.s(1)], app.total.s()), app.add.s(1))
    with pytest.raises(NotImplementedError, match="single tasks"):
        chord([chain(app.add.s(1), app.add.s(1))], app.total.s())
    with pytest.raises(TypeError, match="signature"):
        chain(app.add, app.add.s(1))


WITHOUT_CELERY = """
import sys
for name in ("celery", "kombu", "billiard", "amqp"):
    sys.modules[name] = None
import django
from django.conf import settings
settings.configure(TASKS={"default": {"BACKEND": "bridge.ImmediateBackend", "QUEUES": []}})
django.setup()
from tests.app.celery_style import add, stubborn, total
from compat.celery.facade import chain, chord, group
assert add.delay(1, 2).get() == 3
assert stubborn.delay(1).get()[0] == 1
assert group(add.s(1), add.s(2))().get() == [1, 2]
chord([add.s(1)])(total.s())
chain(add.s(1), add.s(2))()
print("ok")
"""


def test_it_works_where_celery_is_not_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CELERY], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("ok\n", "")
