"""What Celery is to do for a task: the options of the Celery task that runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core import checks

from bridge.backends.options import TASK_OPTIONS
from bridge.checks.kinds import PARTIAL_POLICY
from bridge.interface import DEFAULT_TASK_QUEUE_NAME, AnyTask
from bridge.limits import RateLimit
from bridge.seconds import seconds

if TYPE_CHECKING:
    from bridge.base import Task
    from compat.celery.base import OnCelery


FREE = frozenset(
    {
        "compression",
        "delivery_mode",
        "ignore_result",
        "resultrepr_maxsize",
        "send_events",
        "serializer",
        "store_errors_even_if_ignored",
        "trail",
    }
)
"""Options of Celery's tasks for which there is no policy."""
POLICY_OF = {
    "acks_late": "on_lost",
    "reject_on_worker_lost": "on_lost",
    "retry_on_worker_lost": "on_lost",
    "acks_on_failure_or_timeout": "on_lost",
    "autoretry_for": "retry",
    "dont_autoretry_for": "retry",
    "retry_backoff": "retry",
    "retry_backoff_max": "retry",
    "retry_jitter": "retry",
    "max_retries": "retry",
    "default_retry_delay": "retry",
    "time_limit": "hard_timeout",
    "soft_time_limit": "timeout",
    "rate_limit": "rate_limit",
    "expires": "expires",
    "priority": "priority",
    "queue": "queue_name",
}


def options_of(task: AnyTask, backend: OnCelery | None) -> dict[str, Any]:
    """Return the options of a task whose messages this backend runs, None in tests without one."""
    options: dict[str, Any] = {
        "bridged": task.module_path,
        # The ledger requeues what a dead worker held, within MAX_LOSSES. Were the broker to do
        # it, the message would come back while the row still says RUNNING, and be dropped.
        "acks_late": backend is not None and backend.on_lost_of(task) == "retry",
        "reject_on_worker_lost": False,
        "retry_on_worker_lost": False,
        # The task's policy decides.
        "max_retries": None,
        # Before the claim nobody knows whether this delivery runs: a duplicate must not turn a
        # stored result back to STARTED.
        "track_started": False,
        "rate_limit": _starts_per_second(getattr(task, "rate_limit", None)),
    }
    hard_timeout = getattr(task, "hard_timeout", None)
    if hard_timeout is not None:
        options["time_limit"] = seconds(hard_timeout)

    if backend is not None:
        options |= backend.option(TASK_OPTIONS).get(task.module_path, {})

    # Celery 6 has no such attributes of tasks any more: the queue, the priority, when it expires.
    def apply_async(self: Any, args: Any = None, kwargs: Any = None, **more: Any) -> Any:
        routed = more.keys() & {"queue", "exchange", "routing_key"}
        sent = {
            name: value
            for name, value in _delivery(task, backend).items()
            if name != "queue" or not routed
        }
        return super(type(self), self).apply_async(args, kwargs, **sent | more)

    return {**options, "apply_async": apply_async}


def wrong_options(given: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with OPTIONS["TASK_OPTIONS"]."""
    for path, options in given.items():
        for name in options.keys() - FREE:
            policy = POLICY_OF.get(name)
            way_out = (
                f"declare the policy {policy} of the task"
                if policy
                else f"Celery options that no policy stands for are {', '.join(sorted(FREE))}"
            )
            yield f"has {name!r} for {path!r}: {way_out}"


def check_rate(task: Task[..., Any]) -> Iterator[checks.CheckMessage]:
    """Yield a warning that a task's rate is not what it is elsewhere."""
    if task.rate_limit is None:
        return
    if task.rate_limit.key is None:
        means = "each Celery worker keeps for itself: all together start that many times as often"
    else:
        means = "Celery workers ignore, since they cannot keep a rate by key"
    yield PARTIAL_POLICY(
        f"Task {task.module_path!r} has the rate_limit {task.rate_limit.rate!r}, which {means}.",
        obj=task.module_path,
    )


def _delivery(task: AnyTask, backend: OnCelery | None) -> dict[str, Any]:
    """Return what a message says unless its sender does; enqueue() says what its row does."""
    options: dict[str, Any] = {}
    if backend is not None:
        queue = backend.celery_queues.to_wire(task.queue_name)
        levels = backend.celery_queues.levels(queue)
        if queue is not None:
            options["queue"] = queue
        if task.priority and levels:
            options["priority"] = levels.to_wire(task.priority)
    elif task.queue_name != DEFAULT_TASK_QUEUE_NAME:
        options["queue"] = task.queue_name
    expires = getattr(task, "expires", None)
    if expires is not None:
        options["expires"] = seconds(expires) if isinstance(expires, timedelta) else expires
    return options


def _starts_per_second(limit: RateLimit | None) -> float | None:
    """Return the rate that each worker keeps; it knows no keys."""
    return None if limit is None or limit.key is not None else limit.count / limit.period
