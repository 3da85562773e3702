"""Names of the backport, in all its versions, and where they are in Django."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TOOL = "backport-to-dep"

PACKAGES = ("django_tasks", "django_tasks_db", "django_tasks_rq", "django_taskq")
LIBRARIES = frozenset([*PACKAGES, "django", "bridge"])

EVIDENCE = re.compile(rb"\bdjango_task(?:s|s_db|s_rq|q)\b|\bdb_worker\b|\bprune_db_task_results\b")
"""Bytes without which a file cannot concern this codemod, unless it uses a task."""

TRACES = re.compile(rb"\bdjango_task(?:s|s_db|s_rq|q)\b")
"""Bytes without which no file of a project concerns this codemod."""

STATUSES = {"NEW": "READY", "COMPLETE": "SUCCESSFUL", "SUCCEEDED": "SUCCESSFUL"}
"""Statuses of earlier versions, and what has become of them."""

_RENAMED = {
    "ResultStatus": "TaskResultStatus",
    "tasks": "task_backends",
    "DEFAULT_QUEUE_NAME": "DEFAULT_TASK_QUEUE_NAME",
    "DEFAULT_PRIORITY": "DEFAULT_TASK_PRIORITY",
    "TASK_DEFAULT_PRIORITY": "DEFAULT_TASK_PRIORITY",
    "MIN_PRIORITY": "TASK_MIN_PRIORITY",
    "MAX_PRIORITY": "TASK_MAX_PRIORITY",
    "InvalidTaskError": "InvalidTask",
    "InvalidTaskBackendError": "InvalidTaskBackend",
    "ResultDoesNotExist": "TaskResultDoesNotExist",
    "json_normalize": "normalize_json",
}
_BASE = [
    "DEFAULT_PRIORITY",
    "DEFAULT_QUEUE_NAME",
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_PRIORITY",
    "DEFAULT_TASK_QUEUE_NAME",
    "MAX_PRIORITY",
    "MIN_PRIORITY",
    "ResultStatus",
    "TASK_DEFAULT_PRIORITY",
    "TASK_MAX_PRIORITY",
    "TASK_MIN_PRIORITY",
    "TASK_REFRESH_ATTRS",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultStatus",
    "task",
]
_PUBLIC = [
    "DEFAULT_QUEUE_NAME",
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_QUEUE_NAME",
    "ResultStatus",
    "Task",
    "TaskBackendHandler",
    "TaskContext",
    "TaskResult",
    "TaskResultStatus",
    "default_task_backend",
    "task",
    "task_backends",
    "tasks",
]
_HOMES = {
    "django_tasks": ("django.tasks", _PUBLIC),
    "django_tasks.base": ("django.tasks.base", _BASE),
    "django_tasks.task": ("django.tasks.base", _BASE),
    "django_tasks.exceptions": (
        "django.tasks.exceptions",
        [
            "InvalidTask",
            "InvalidTaskBackend",
            "InvalidTaskBackendError",
            "InvalidTaskError",
            "ResultDoesNotExist",
            "TaskException",
            "TaskResultDoesNotExist",
            "TaskResultMismatch",
        ],
    ),
    "django_tasks.signals": (
        "django.tasks.signals",
        [
            "clear_tasks_handlers",
            "log_task_enqueued",
            "log_task_finished",
            "log_task_started",
            "logger",
            "task_enqueued",
            "task_finished",
            "task_started",
        ],
    ),
    "django_tasks.checks": ("django.tasks.checks", ["check_tasks"]),
    "django_tasks.backends.base": ("django.tasks.backends.base", ["BaseTaskBackend"]),
    "django_tasks.backends.immediate": ("django.tasks.backends.immediate", ["ImmediateBackend"]),
    "django_tasks.backends.dummy": ("django.tasks.backends.dummy", ["DummyBackend"]),
    "django_tasks.utils": ("django.utils.json", ["json_normalize", "normalize_json"]),
}
_DATABASE = (
    "django_tasks.backends.database",
    "django_tasks.backends.database.backend",
    "django_tasks_db",
    "django_tasks_db.backend",
)

_OTHERS = {"django_tasks.utils", "django_tasks.task"}
"""Of these Django has the names, in modules that are not alike; the second is a function, too."""

MODULES = {old: new for old, (new, _) in _HOMES.items() if old not in _OTHERS} | {
    "django_tasks.backends": "django.tasks.backends"
}
"""Each module of the backport that Django has, too."""

NAMES = {
    f"{old}.{name}": f"{new}.{_RENAMED.get(name, name)}"
    for old, (new, names) in _HOMES.items()
    for name in names
} | {"django_tasks.BaseTaskBackend": "django.tasks.backends.base.BaseTaskBackend"}
"""Each name of the backport that Django has, too."""

DATABASE_BACKENDS = frozenset(f"{module}.DatabaseBackend" for module in _DATABASE)
DATABASE_APPS = frozenset({"django_tasks.backends.database", "django_tasks_db"})
RQ = ("django_tasks.backends.rq", "django_tasks_rq")
BRIDGE_DATABASE = "bridge.DatabaseBackend"
TASK = frozenset({"django_tasks.task", "django_tasks.base.task", "django_tasks.task.task"})
GONE = frozenset(name for name in NAMES if name.endswith(".ResultDoesNotExist"))
STATUS_CLASSES = frozenset(
    name for name in NAMES if name.endswith((".ResultStatus", ".TaskResultStatus"))
)
GENERIC = frozenset(
    name for name in NAMES if name.rpartition(".")[2] in {"Task", "TaskResult", "TaskContext"}
)


@dataclass(frozen=True, slots=True)
class Found:
    """What Django has in the place of the beginning of a path."""

    old: str
    new: str
    rest: tuple[str, ...]
    is_module: bool = False


def is_backport(dotted: str) -> bool:
    """Does a path lead into the backport or one of its companions?"""
    return dotted.partition(".")[0] in PACKAGES


def below(dotted: str, packages: Iterable[str]) -> bool:
    """Is a path one of these, or below one?"""
    return any(f"{dotted}.".startswith(f"{package}.") for package in packages)


def counterpart(dotted: str, target: str) -> Found | None:
    """Return what stands for the longest beginning of a path that is known, if any is."""
    words = dotted.split(".")
    for length in range(len(words), 0, -1):
        old, rest = ".".join(words[:length]), tuple(words[length:])
        if old in DATABASE_BACKENDS and target == "bridge":
            return Found(old, BRIDGE_DATABASE, rest)
        if old in NAMES:
            return Found(old, NAMES[old], rest)
        if old in MODULES:
            return Found(old, MODULES[old], rest, is_module=True)
    return None


def importable(new: str) -> tuple[str, str]:
    """Return the module to import a name of Django from, and the name: django.tasks if it can."""
    module, _, name = new.rpartition(".")
    if module == "django.tasks.base" and name in _PUBLIC:
        return "django.tasks", name
    return module, name
