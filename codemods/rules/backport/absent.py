"""Names of the backport that Django has not."""

from __future__ import annotations

from codemods.engine.site import Rule
from codemods.rules.backport.names import DATABASE_APPS, DATABASE_BACKENDS, RQ, below

ABSENT = Rule(
    "DEP103",
    "Django has nothing of this name",
    "Backends for databases and for RQ, their models, and some helpers of the backport have no "
    "counterpart in django.tasks. What to use instead is said at each place; the import stays.",
)
DATABASE = (
    "bridge.DatabaseBackend has tables of its own: run migrate, and let the old db_worker finish "
    "what is queued, for tasks and results of the old table are not moved. The new db_worker "
    "serves all queues unless --queue names some (it was --queue-name, and 'default'), and "
    "--exclude-queue takes the place of --exclude-queues"
)
_ADVICE = {
    "get_random_id": "use django.utils.crypto.get_random_string(32)",
    "get_module_path": 'write f"{value.__module__}.{value.__qualname__}"',
    "get_exception_traceback": 'write "".join(traceback.format_exception(error))',
    "retry": "catch the error and try again yourself, or declare bridge.Retry on a task",
    "is_module_level_function": "Django checks it when a task is defined",
    "is_global_function": "Django checks it when a task is defined",
    "is_json_serializable": "call django.utils.json.normalize_json, which raises TypeError",
    "EnqueueOnCommit": "use enqueue_on_commit=True of bridge.task, or transaction.on_commit",
}


def advice(full: str, target: str) -> str:
    """Return what to do about a path that Django has not."""
    name = full.rpartition(".")[2]
    if full in DATABASE_BACKENDS:
        return DATABASE if target == "bridge" else _no_database(full)
    if below(full, RQ):
        return (
            f"{full}: Django has no backend for RQ. django_tasks_rq.RQBackend of the package "
            "django-tasks-rq is one for django.tasks; or move to bridge.DatabaseBackend"
        )
    if below(full, DATABASE_APPS):
        if target == "django":
            return _no_database(full)
        return f"{full} belongs to the old table; bridge keeps tasks in bridge.models.TaskRow"
    if full.startswith("django_taskq"):
        return "django_taskq has Celery's API: python -m codemods.celery_to_dep rewrites it"
    said = _ADVICE.get(name)
    return f"django.tasks has no {name}" + (f"; {said}" if said else "")


def _no_database(full: str) -> str:
    return (
        f"{full}: Django has no backend for databases. django_tasks_db.DatabaseBackend of the "
        "package django-tasks-db is one for django.tasks, on the same table; --target bridge "
        "writes bridge.DatabaseBackend"
    )
