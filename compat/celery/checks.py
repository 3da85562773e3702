"""What the settings of a CeleryBackend and of its Celery app say together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from kombu.serialization import prepare_accept_content, registry

from bridge.backends.options import (
    HOLD_ETA,
    MAX_PAYLOAD,
    QUEUE_MAP,
    REQUIRE_CONSUMER,
    RESULTS,
    TASK_OPTIONS,
)
from bridge.checks.kinds import (
    LATE_HOLD,
    NO_DRIVER,
    NO_PRIORITIES,
    NOT_ACCEPTED,
    UNCONFIRMED,
    WRONG_APP,
    WRONG_CELERY_OPTION,
)
from compat.celery.options import wrong_options

if TYPE_CHECKING:
    from bridge.base import Task
    from compat.celery.base import OnCelery


def check_options(backend: OnCelery) -> Iterator[checks.CheckMessage]:
    """Yield an error for each option that is wrong."""
    right = True
    for option in (HOLD_ETA, MAX_PAYLOAD, QUEUE_MAP, REQUIRE_CONSUMER, RESULTS, TASK_OPTIONS):
        if option not in backend.known_options:
            continue
        try:
            backend.option(option)
        except ImproperlyConfigured as error:
            right = False
            yield WRONG_CELERY_OPTION(str(error))
    if not right or backend.wrong(WRONG_APP, "app"):
        return
    try:
        _ = backend.broker
    except ImportError as error:
        yield NO_DRIVER(
            f"The broker of the Celery app of TASKS[{backend.alias!r}] cannot be used: {error}."
        )
        return
    yield from _check_serializer(backend)
    for problem in wrong_options(backend.option(TASK_OPTIONS)):
        yield WRONG_CELERY_OPTION(f"TASK_OPTIONS of TASKS[{backend.alias!r}] {problem}.")
    if backend.option(QUEUE_MAP):
        for problem in backend.celery_queues.wrong(set(backend.queues)):
            yield WRONG_CELERY_OPTION(f"QUEUE_MAP of TASKS[{backend.alias!r}] {problem}.")


def check_priority(backend: OnCelery, task: Task[..., Any]) -> Iterator[checks.CheckMessage]:
    """Yield a warning for a task whose priority its queue does not know."""
    if not task.priority:
        return
    queue = backend.celery_queues.of_message(task.queue_name, task.module_path)
    if backend.celery_queues.levels(queue) is None:
        yield NO_PRIORITIES(
            f"Task {task.module_path!r} has the priority {task.priority}, and the queue {queue!r} "
            "of the broker has no priorities.",
            obj=task.module_path,
        )


def check_broker(backend: OnCelery) -> Iterator[checks.CheckMessage]:
    """Yield what an app's settings let go wrong in production."""
    patience = backend.broker.patience
    hold = backend.option(HOLD_ETA)
    if patience is not None and hold is not None and hold > patience:
        yield LATE_HOLD(
            f"HOLD_ETA of TASKS[{backend.alias!r}] is {hold:g} s, and the broker waits for "
            f"{patience:g} s."
        )
    if backend.broker.confirms and not backend.broker.options.get("confirm_publish"):
        yield UNCONFIRMED(
            f"broker_transport_options of the Celery app of TASKS[{backend.alias!r}] have no "
            "confirm_publish."
        )


def _check_serializer(backend: OnCelery) -> Iterator[checks.CheckMessage]:
    conf = backend.app.conf
    serializer = conf.task_serializer
    accepted = prepare_accept_content(conf.accept_content)
    mime = registry.name_to_type.get(serializer, serializer)
    if accepted is not None and mime not in accepted:
        yield NOT_ACCEPTED(
            f"The Celery app of TASKS[{backend.alias!r}] sends {serializer!r}, and its workers "
            f"accept {', '.join(map(repr, conf.accept_content)) or 'nothing'}."
        )
