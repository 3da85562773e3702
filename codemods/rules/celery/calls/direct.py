"""Direct calls of a task, and uses of the task itself."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.calls.delay import outcome_of
from codemods.rules.celery.study import Study, Use

DIRECT = Rule(
    "CEL206",
    "A direct call of a task that takes a context",
    "Calling a task calls its function, as in Celery, and the task supplies the context as Celery "
    "supplied self. That context has an id of its own where Celery had none, and another attempt "
    "the body asks for reaches the caller as Retry, where Celery raised the cause.",
)
CALL = Rule(
    "CEL239",
    "A direct call becomes .call(), with --target django",
    "Django's tasks cannot be called. .call() calls the function, a coroutine function to its "
    "end; `await send(1)` is `await send.acall(1)`. Neither supplies a context, so a direct call "
    "of a task that takes one, or a coroutine that is not awaited at once, needs a person: move "
    "the work into a function of its own that both call.",
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
    if study.target == "django":
        return _call(study, use)
    if use.task.key not in study.takes_context:
        return None
    reason = "a direct call gets a context with an id of its own"
    if use.task.key in study.asks:
        reason = "another attempt asked for in a direct call raises Retry, not the cause"
    return outcome_of(use, DIRECT.code, reason, Kind.CHANGE)


def _call(study: Study, use: Use) -> Outcome:
    """Judge a direct call of what Django will not let anybody call."""
    call = use.chain.frame.up
    awaited = call is not None and call.up is not None and isinstance(call.up.node, cst.Await)
    coroutine = use.task.node.asynchronous is not None
    reason = ""
    if use.task.key in study.takes_context:
        reason = "a direct call has no context to give; move the work into a function of its own"
    elif awaited != coroutine:
        reason = "a coroutine that is not awaited where it is made; write acall() where it is"
    if reason:
        outcome = outcome_of(use, CALL.code, reason, Kind.PERSON)
        outcome.blocks = not use.source.is_test
        return outcome
    name = "acall" if awaited else "call"
    outcome = outcome_of(use, CALL.code, f"a direct call is .{name}()")
    outcome.edit(use.chain.frame, lambda node: cst.Attribute(value=node, attr=cst.Name(name)))
    return outcome
