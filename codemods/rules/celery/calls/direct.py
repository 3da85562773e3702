"""Direct calls of a task, and uses of the task itself."""

from __future__ import annotations

import libcst as cst

from codemods.engine.site import Kind, Rule
from codemods.rules.celery.calls.delay import outcome_of
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.study import Study, Use

DIRECT = Rule(
    "CEL206",
    "A direct call of a task that takes a context",
    "Calling a task calls its function, as in Celery, and the task supplies the context as Celery "
    "supplied self. That context has an id of its own where Celery had none, and another attempt "
    "the body asks for reaches the caller as Retry, where Celery raised the cause.",
)
VALUE = Rule(
    "CEL209",
    "A task is passed on or stored",
    "A task in a variable, a list, a tuple, a dict, an attribute, an argument or a return value "
    "is followed to every place that sends it. When nothing else can get there, these places are "
    "rewritten too, and the tasks that meet there are converted together. A task that gets where "
    "nobody can follow it, or that meets values nobody knows, stays on Celery.",
    'HANDLERS = {"paid": send_receipt}\nHANDLERS[kind].delay(pk)',
    'HANDLERS = {"paid": send_receipt}\nHANDLERS[kind].enqueue(pk)',
)


def bare(study: Study, use: Use) -> Outcome | None:
    """Judge a direct call; where a task goes otherwise is followed by the flow rule."""
    up = use.chain.frame.up
    called = up is not None and isinstance(up.node, cst.Call)
    return _direct(study, use) if called else None


def _direct(study: Study, use: Use) -> Outcome | None:
    if use.task.key not in study.takes_context:
        return None
    reason = "a direct call gets a context with an id of its own"
    if use.task.key in study.asks:
        reason = "another attempt asked for in a direct call raises Retry, not the cause"
    return outcome_of(use, DIRECT.code, reason, Kind.CHANGE)
