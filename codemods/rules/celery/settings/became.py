"""What each of Celery's settings is to the bridge."""

from __future__ import annotations

from codemods.engine.site import Rule

KEPT = Rule(
    "CEL507",
    "A Celery setting that is kept",
    "The broker, the routes and the workers are still Celery's as long as TASKS names "
    "bridge.CeleryBackend. A comment above the line, and a table in the report, say what it is "
    "to the bridge. Remove the line when the last Celery worker has gone.",
)
MAPPED = Rule(
    "CEL510",
    "A Celery setting that TASKS says too",
    "The setting has a counterpart in TASKS, or as a policy of each task. Celery's own workers "
    "still read the line.",
)

_MAPPED = {
    "task_always_eager": "is BACKEND in TASKS",
    "task_eager_propagates": 'is OPTIONS["PROPAGATE"] in TASKS',
    "task_acks_late": 'is OPTIONS["ON_LOST"] in TASKS',
    "task_queues": "is QUEUES in TASKS",
    "task_default_queue": 'is where the queue "default" of TASKS goes',
    "task_routes": "is in QUEUES of TASKS; elsewhere give tasks queue_name=",
    "task_create_missing_queues": "has no meaning to TASKS, where QUEUES lists them all",
    "beat_schedule": "is listed in task_schedules.json; beat goes on",
}
_WITHOUT_BRIDGE = frozenset(
    {"task_always_eager", "task_queues", "task_routes", "task_create_missing_queues"}
)
_ADVICE = {
    "task_reject_on_worker_lost": 'OPTIONS["ON_LOST"] says what becomes of a lost task',
    "task_retry_on_worker_lost": 'OPTIONS["ON_LOST"] says what becomes of a lost task',
    "task_time_limit": "for Celery workers only; elsewhere give tasks hard_timeout=",
    "task_soft_time_limit": "for Celery workers only; elsewhere give tasks timeout=",
    "task_default_rate_limit": "for Celery workers only; elsewhere give tasks rate_limit=",
    "task_default_priority": "for Celery only; elsewhere give tasks priority=",
    "task_annotations": "for Celery workers only; elsewhere give the tasks these policies",
    "task_ignore_result": "the bridge keeps a row per task; RETENTION says for how long",
    "task_track_started": "a result of the bridge knows when it runs",
    "task_store_eager_result": "a result of ImmediateBackend is complete",
    "task_serializer": "arguments are JSON; TYPED_JSON in TASKS adds the types Celery marks",
    "result_serializer": "results are JSON; TYPED_JSON in TASKS adds the types Celery marks",
    "accept_content": "arguments are JSON; TYPED_JSON in TASKS adds the types Celery marks",
    "result_backend": "results of the bridge are in Django's database",
    "result_extended": "a result of the bridge has its arguments",
    "result_expires": 'OPTIONS["RETENTION"] in TASKS deletes rows of the bridge, if you set it',
    "timezone": "crontab entries of task_schedules.json are in it",
    "imports": "for Celery workers; db_worker imports the task it runs",
    "include": "for Celery workers; db_worker imports the task it runs",
}
_KINDS = {
    "broker": "for the broker, as long as BACKEND in TASKS is bridge.CeleryBackend",
    "worker": "for Celery workers; db_worker has options of its own",
    "beat": "for beat, which goes on",
}
_REST = "for Celery, as long as BACKEND in TASKS is bridge.CeleryBackend"


def became(name: str, target: str = "bridge") -> tuple[str, str]:
    """Return the code for a setting, and in words what it is to TASKS."""
    if name in _MAPPED and (target == "bridge" or name in _WITHOUT_BRIDGE):
        return MAPPED.code, _MAPPED[name]
    if target == "django":
        return KEPT.code, "for what stays on Celery"
    if name in _ADVICE:
        return KEPT.code, _ADVICE[name]
    return KEPT.code, _KINDS.get(name.partition("_")[0], _REST)


def comment(name: str, target: str) -> str:
    """Return the comment above a setting."""
    code, words = became(name, target)
    still = "; Celery still reads it" if code == MAPPED.code and name != "beat_schedule" else ""
    return f"# {code}: {words}{still}"
