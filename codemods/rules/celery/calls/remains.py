"""Celery's own interfaces beside tasks that are converted: reported, with what to use instead."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import string
from codemods.engine.modules import Target
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.celery.names import CURRENT_APPS, CURRENT_TASK
from codemods.rules.celery.study import Study

BY_NAME = Rule(
    "CEL214",
    "A converted task is sent by its name",
    "send_task() and signature() with the name of a converted task go on to work where Celery's "
    "workers run: the name is the same. They do not where the task's backend is the database. "
    "Import the task and call enqueue().",
)
RESULT = Rule(
    "CEL215",
    "A result is looked up in Celery's result backend",
    "The results of converted tasks are in the ledger: default_task_backend.get_result(id) of "
    "django.tasks, or get_result() of the task. Its status is READY, RUNNING, FAILED or "
    "SUCCESSFUL in place of PENDING, STARTED, FAILURE and SUCCESS, .ready() is .is_finished, "
    ".result is .return_value, and an id that is not known raises TaskResultDoesNotExist.",
)
CONTROL = Rule(
    "CEL216",
    "Celery's remote control beside converted tasks",
    "revoke() is task.get_result(id).cancel(); the other commands speak to Celery's workers and "
    "say nothing to db_workers. pause_queue() and resume_queue() of the bridge are what "
    "cancel_consumer and add_consumer were used for.",
)
SIGNAL = Rule(
    "CEL217",
    "A signal of Celery's tasks",
    "Celery sends its signals for what its workers run, with Celery's task as sender. "
    "django.tasks.signals has task_enqueued, task_started and task_finished, which are sent for "
    "every converted task on every backend; a failed task has status FAILED.",
)
CURRENT = Rule(
    "CEL218",
    "Celery's current task",
    "current_task is the task that a Celery worker runs. Where db_worker or the immediate backend "
    "runs a converted task it is None. A task that takes a context has its id, arguments and "
    "attempt there; hand them to the functions that want them.",
)
_SIGNALS = {
    "before_task_publish": "task_enqueued",
    "after_task_publish": "task_enqueued",
    "task_prerun": "task_started",
    "task_received": "task_started",
    "task_postrun": "task_finished",
    "task_success": "task_finished",
    "task_failure": "task_finished",
    "task_retry": "task_started, with result.attempts above one",
    "task_revoked": "task_finished",
}


def report_remains(study: Study, sources: list[Source]) -> None:
    """Report what speaks to Celery about tasks, when some task is converted."""
    if not study.tasks:
        return
    names = {task.custom_name or key: key for key, task in study.tasks.items()}
    for source in sources:
        if source.is_test:
            continue
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            if target is None:
                continue
            for rule, reason, keys in _findings(study, source, chain, target, names):
                outcome = Outcome(source, chain.frame, rule.code, Kind.PERSON, reason)
                outcome.any_of = keys or frozenset(study.tasks)
                study.outcomes.append(outcome)


def _findings(
    study: Study, source: Source, chain: Chain, target: Target, names: dict[str, str]
) -> Iterator[tuple[Rule, str, frozenset[str]]]:
    method = _of_app(study, target)
    full = target.full
    if target.dotted in CURRENT_TASK or any(full.startswith(f"{name}.") for name in CURRENT_TASK):
        reason = "current_task is None outside Celery's workers; hand on what the context says"
        yield CURRENT, reason, frozenset()
        return
    if full.startswith("celery.signals.") and full.split(".")[2] in _SIGNALS:
        name = full.split(".")[2]
        reason = f"{name} is Celery's; for converted tasks connect {_SIGNALS[name]}"
        yield SIGNAL, reason, frozenset()
    elif full == "celery.result.AsyncResult" or method == "AsyncResult":
        if _is_called(chain):
            reason = "AsyncResult looks in Celery's results; ask get_result() for converted tasks"
            yield RESULT, reason, frozenset()
    elif method.startswith("control.") or full == "celery.app.control.revoke":
        command = full.rpartition(".")[2]
        way = "use cancel() of the result" if command == "revoke" else "db_workers do not hear it"
        yield CONTROL, f"{command} speaks to Celery's workers only; {way}", frozenset()
    elif method == "send_task" or full in {"celery.signature", "celery.canvas.signature"}:
        key = names.get(_first_text(chain), "")
        if key:
            reason = f"{key.rpartition('.')[2]} is sent by its name; import it and call enqueue()"
            yield BY_NAME, reason, frozenset({key})


def _of_app(study: Study, target: Target) -> str:
    """Return what is read from a Celery app."""
    for app in CURRENT_APPS:
        if target.full.startswith(f"{app}."):
            return target.full.removeprefix(f"{app}.")
    return ".".join(target.rest) if target.rest and study.census.is_app(target) else ""


def _is_called(chain: Chain) -> bool:
    up = chain.frame.up
    return up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node


def _first_text(chain: Chain) -> str:
    up = chain.frame.up
    if not _is_called(chain) or up is None or not isinstance(up.node, cst.Call) or not up.node.args:
        return ""
    return string(up.node.args[0].value) or ""
