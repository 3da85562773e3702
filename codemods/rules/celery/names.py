"""Celery's own names."""

from __future__ import annotations

import re

from codemods.engine.evidence import Evidence

TOOL = "celery-to-dep"

LIBRARIES = frozenset(
    [
        "celery",
        "kombu",
        "billiard",
        "django",
        "bridge",
        "django_celery_beat",
        "django_celery_results",
        "django_taskq",
    ]
)

SHARED_TASK = frozenset(
    {
        "celery.shared_task",
        "celery.app.shared_task",
        "celery.app.builtins.shared_task",
        "celery.decorators.task",
        "celery.task.task",
        "django_taskq.celery.shared_task",
    }
)
APP_CLASSES = frozenset({"celery.Celery", "celery.app.Celery", "celery.app.base.Celery"})
TASK_CLASSES = frozenset({"celery.Task", "celery.app.Task", "celery.app.task.Task"})
CURRENT_APPS = frozenset({"celery.current_app", "celery._state.current_app"})
SOFT_TIMEOUT = frozenset(
    {"celery.exceptions.SoftTimeLimitExceeded", "billiard.exceptions.SoftTimeLimitExceeded"}
)
RETRY = frozenset({"celery.exceptions.Retry"})
STEERING = frozenset({"celery.exceptions.Ignore", "celery.exceptions.Reject", *RETRY})
CURRENT_TASK = frozenset(
    {
        "celery.current_task",
        "celery._state.current_task",
        "celery._state.get_current_task",
        "celery._state.get_current_worker_task",
    }
)
TASK_LOGGER = "celery.utils.log.get_task_logger"

SEND = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"})
SIGNATURES = frozenset(
    [
        "s",
        "si",
        "signature",
        "subtask",
        "subtask_from_request",
        "chunks",
        "map",
        "starmap",
        "replace",
    ]
)

EVIDENCE = Evidence(
    re.compile(
        rb"[Cc]elery|CELERY|shared_task|\.delay\b|\.apply_async\b|\.delay_on_commit\b|"
        rb"(?m:^[ \t]*INSTALLED_APPS\b)|@[\w.]+\.task\b|[\"']delay[\"']"
    ),
    (b"elery", b"CELERY", b"shared_task", b"delay", b"apply_async", b"INSTALLED_APPS", b".task"),
)
"""Bytes without which a file cannot concern this codemod, unless it uses a task by name."""

TRACES = re.compile(rb"[Cc]elery|CELERY|shared_task|@[\w.]+\.task\b")
"""Bytes without which no file of a project concerns this codemod."""
