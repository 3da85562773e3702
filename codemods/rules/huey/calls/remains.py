"""Huey's own interfaces beside tasks that are converted: reported, with what to use instead."""

from __future__ import annotations

from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.huey.names import LOCK
from codemods.rules.huey.study import Study

LOCKED = Rule(
    "HUE212",
    "lock_task beside a converted task",
    "Huey's lock stays and goes on to keep others out, also those on Huey. A task that finds it "
    "taken raises TaskLockedException: it fails or, with retry=, runs again later, as before. The "
    "bridge's concurrency=1 is another thing: there the task waits for its turn. Where the backend "
    "honours it, write that in the lock's place.",
)
RESULT = Rule(
    "HUE213",
    "A result is looked up in Huey's storage",
    "The results of converted tasks are in the ledger: default_task_backend.get_result(id) of "
    "django.tasks, or get_result() of the task. Its status is READY, RUNNING, FAILED or "
    "SUCCESSFUL, and an id that is not known raises TaskResultDoesNotExist.",
)
SIGNAL = Rule(
    "HUE214",
    "A signal or hook of Huey's",
    "signal(), pre_execute() and post_execute() run in Huey's consumer, with Huey's task. "
    "django.tasks.signals has task_enqueued, task_started and task_finished, which are sent for "
    "every converted task on every backend; a failed task has status FAILED. on_startup() and "
    "on_shutdown() are the consumer's and go on to work where one runs.",
)
CONTROL = Rule(
    "HUE215",
    "Huey's control of what waits",
    "revoke_by_id() is task.get_result(id).cancel(). What else revokes, restores, counts or "
    "empties Huey's queue says nothing of converted tasks: cancel_tasks, task_queues and "
    "pause_queue() of the bridge do that.",
)
CREATED = Rule(
    "HUE109",
    "A task made by calling a decorator",
    "x = task()(function) is a task of Huey's that no definition shows. It stays as it is; write "
    "the decorator above a function.",
)
_SIGNALS = frozenset(
    {"signal", "disconnect_signal", "pre_execute", "post_execute", "on_startup", "on_shutdown"}
)
_CONTROL = frozenset(
    [
        "revoke",
        "revoke_all",
        "revoke_by_id",
        "restore",
        "restore_all",
        "restore_by_id",
        "is_revoked",
        "scheduled",
        "pending",
        "pending_count",
        "scheduled_count",
        "flush",
    ]
)


def report_remains(study: Study, sources: list[Source]) -> None:
    """Report what speaks to Huey about tasks, when some task is converted."""
    if not study.tasks:
        return
    for source in sources:
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            method = study.census.method(target) if target is not None else ""
            outcome = _judge(study, source, chain, method) if method else None
            if outcome is not None:
                study.outcomes.append(outcome)
    for source, frame in study.census.created:
        outcome = Outcome(
            source, frame, CREATED.code, Kind.PERSON, "a task is made without a definition"
        )
        study.outcomes.append(outcome)


def _judge(study: Study, source: Source, chain: Chain, method: str) -> Outcome | None:
    every = frozenset(study.tasks)
    if method == LOCK:
        return _lock(study, source, chain)
    if source.is_test:
        return None
    if method == "result":
        reason = "looks in Huey's results; ask get_result() for converted tasks"
        return _report(source, chain.frame, RESULT, reason, every)
    if method in _SIGNALS:
        reason = f"{method} is Huey's; connect the signals of django.tasks for converted tasks"
        return _report(source, chain.frame, SIGNAL, reason, every)
    if method in _CONTROL:
        way = "use cancel() of the result" if "revoke" in method else "it says nothing of the rest"
        reason = f"{method} concerns what is in Huey's queue; {way}"
        return _report(source, chain.frame, CONTROL, reason, every)
    return None


def _lock(study: Study, source: Source, chain: Chain) -> Outcome | None:
    """Say of a lock that it stays, if it is one of a task."""
    task = study.task_around(chain.frame)
    if task is None:
        return None
    return Outcome(
        source,
        chain.frame,
        LOCKED.code,
        Kind.CHANGE,
        "the lock stays Huey's; a task that finds it taken is FAILED rather than dropped",
        frozenset({task.key}),
    )


def _report(
    source: Source, frame: Frame, rule: Rule, reason: str, tasks: frozenset[str]
) -> Outcome:
    return Outcome(source, frame, rule.code, Kind.PERSON, reason, any_of=tasks)
