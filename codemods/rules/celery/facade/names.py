"""What compat.celery.facade has."""

from __future__ import annotations

FACADE = "compat.celery.facade"

_CANVAS = ("chain", "chord", "group", "signature")
_ERRORS = (
    "MaxRetriesExceededError",
    "Retry",
    "SoftTimeLimitExceeded",
    "TaskRevokedError",
    "TimeLimitExceeded",
    "TimeoutError",
)
FACADE_CANVASES = frozenset(f"{FACADE}.{name}" for name in _CANVAS)
"""What makes canvases of the facade's signatures, and of no others."""

MODULES: dict[str, frozenset[str]] = {
    "celery": frozenset({"shared_task", "current_task", *_CANVAS}),
    "celery.app": frozenset({"shared_task"}),
    "celery.canvas": frozenset({"Signature", *_CANVAS}),
    "celery.exceptions": frozenset(_ERRORS),
    "billiard.exceptions": frozenset({"SoftTimeLimitExceeded"}),
    "celery.result": frozenset({"AsyncResult", "EagerResult", "GroupResult"}),
    "celery.utils.log": frozenset({"get_task_logger"}),
    "django_taskq.celery": frozenset({"shared_task"}),
}
"""The names that are found in the facade, by the module they are imported from."""

STANDS_FOR = {
    f"{FACADE}.{name}": f"{module}.{name}"
    for module in reversed(MODULES)
    for name in sorted(MODULES[module])
    if module != "django_taskq.celery"
}
"""What each name of the facade is in Celery; the first module that has it counts."""

NOT_THERE = frozenset(
    {
        "celery.exceptions.Ignore",
        "celery.exceptions.Reject",
        "celery.canvas.chunks",
        "celery.canvas.maybe_signature",
        "celery.canvas.subtask",
        "celery.canvas.xmap",
        "celery.canvas.xstarmap",
        "celery.chunks",
        "celery.result.ResultSet",
        "celery.result.allow_join_result",
        "celery.result.result_from_tuple",
        "celery.maybe_signature",
        "celery.subtask",
        "celery.xmap",
        "celery.xstarmap",
    }
)
"""Names that mean something to a task or a signature of Celery alone."""

OPTIONS = frozenset(
    [
        "acks_late",
        "acks_on_failure",
        "acks_on_failure_or_timeout",
        "acks_on_timeout",
        "autoretry_for",
        "bind",
        "compression",
        "default_retry_delay",
        "delivery_mode",
        "dont_autoretry_for",
        "expires",
        "ignore_result",
        "interval_max",
        "interval_start",
        "interval_step",
        "lazy",
        "max_retries",
        "name",
        "priority",
        "queue",
        "rate_limit",
        "reject_on_worker_lost",
        "resultrepr_maxsize",
        "retry_backoff",
        "retry_backoff_max",
        "retry_jitter",
        "retry_kwargs",
        "send_events",
        "serializer",
        "shared",
        "soft_time_limit",
        "store_eager_result",
        "store_errors_even_if_ignored",
        "throws",
        "time_limit",
        "track_started",
        "trail",
        "typing",
    ]
)
"""The options its shared_task takes."""

CALL_OPTIONS = frozenset(
    [
        "args",
        "kwargs",
        "countdown",
        "eta",
        "expires",
        "queue",
        "priority",
        "link",
        "link_error",
        "serializer",
        "add_to_parent",
        "argsrepr",
        "compression",
        "connection",
        "delivery_mode",
        "ignore_result",
        "kwargsrepr",
        "producer",
        "publisher",
        "retry",
        "retry_policy",
        "shadow",
    ]
)
"""The options its apply_async() takes."""

ATTRIBUTES = frozenset(
    [
        "AsyncResult",
        "acks_late",
        "app",
        "apply",
        "apply_async",
        "apply_async_on_commit",
        "autoretry_for",
        "default_retry_delay",
        "delay",
        "delay_on_commit",
        "ignore_result",
        "max_retries",
        "name",
        "pop_request",
        "push_request",
        "request",
        "retry",
        "run",
        "s",
        "si",
        "signature",
        "soft_time_limit",
        "time_limit",
        "update_state",
        "__name__",
        "__wrapped__",
        "__doc__",
    ]
)
"""What its tasks have, seen from outside and as self."""

REQUEST = frozenset(
    [
        "args",
        "called_directly",
        "delivery_info",
        "eta",
        "expires",
        "get",
        "group",
        "hostname",
        "id",
        "is_eager",
        "kwargs",
        "retries",
        "task",
    ]
)
"""What its self.request has."""
