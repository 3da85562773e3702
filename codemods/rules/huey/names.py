"""Huey's own names."""

from __future__ import annotations

import re

from codemods.engine.evidence import Evidence

TOOL = "huey-to-dep"

LIBRARIES = frozenset(["huey", "django_huey", "django", "bridge"])

DJHUEY = "huey.contrib.djhuey"
DJANGO_HUEY = "django_huey"
OF_SETTINGS = "django.conf.settings.HUEY"
PLAIN = frozenset({"task", "db_task", "context_task"})
ON_COMMIT = frozenset({"on_commit_task"})
PERIODIC = frozenset({"periodic_task", "db_periodic_task"})
DECORATORS = PLAIN | ON_COMMIT | PERIODIC
LOCK = "lock_task"

INSTANCE_CLASS = re.compile(r"huey\.(?:\w+\.)*(?:\w*Huey)\Z")
"""huey.RedisHuey, huey.api.SqliteHuey, huey.contrib.sql_huey.SqlHuey."""

CRONTAB = frozenset({"huey.crontab", "huey.api.crontab"})
RETRY_TASK = frozenset({"huey.RetryTask", "huey.exceptions.RetryTask", "huey.api.RetryTask"})
CANCEL = frozenset(
    {"huey.CancelExecution", "huey.exceptions.CancelExecution", "huey.api.CancelExecution"}
)

CALL_OPTIONS = frozenset(
    [
        "eta",
        "delay",
        "id",
        "retries",
        "retry_delay",
        "retry_backoff",
        "priority",
        "expires",
        "timeout",
    ]
)
"""Keywords that a call of a task does not hand to the function."""

EVIDENCE = Evidence(
    re.compile(
        rb"[Hh]uey|HUEY|(?m:^[ \t]*INSTALLED_APPS\b)|@[\w.]+\.(?:db_)?(?:periodic_)?task\b"
        rb"|\.call_local\b"
    ),
    (b"uey", b"HUEY", b"INSTALLED_APPS", b"task", b".call_local"),
)
"""Bytes without which a file cannot concern this codemod, unless it uses a task by name."""

TRACES = re.compile(rb"[Hh]uey|HUEY")
"""Bytes without which no file of a project concerns this codemod."""
