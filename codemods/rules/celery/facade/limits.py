"""Why a task cannot be one of the facade."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, is_none, string
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.facade import names
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.task import CeleryTask

KEPT = Rule(
    "CEL146",
    "The facade has not what a task needs",
    "With --facade a module's imports change together, and those of the modules whose signatures "
    "meet in one canvas. A task with base=, an option or a call such as task_id= or headers= that "
    "compat.celery.facade refuses, or a name such as Ignore that it does not have, keeps them on "
    "Celery. Take it out of the code, or move the task to a module of its own.",
)


def limits(study: Study) -> Iterator[Outcome]:
    """Yield what keeps tasks on Celery."""
    for task in study.tasks.values():
        for frame, reason in _of_definition(study, task):
            yield _blocking(task.source, frame, reason, task)
        for use in study.uses.get(task.key, ()):
            reason = _of_use(use)
            if reason:
                yield _blocking(use.source, use.chain.frame, reason, task)


def _blocking(source: Source, frame: Frame, reason: str, task: CeleryTask) -> Outcome:
    tasks = frozenset({task.key})
    return Outcome(source, frame, KEPT.code, Kind.PERSON, reason, tasks, blocks=True)


def _of_definition(study: Study, task: CeleryTask) -> Iterator[tuple[Frame, str]]:
    if task.hidden:
        yield task.frame, f"its decorator cannot be followed: {task.hidden}"
    elif task.options.unreadable:
        yield task.frame, "its options cannot be read here"
    if task.frame.scope.parent is not None:
        yield task.frame, "the facade's tasks are functions of a module"
    for option in task.options.found.values():
        reason = _of_option(study, option)
        if reason:
            yield task.frame, reason
    yield from _of_self(task)


def _of_option(study: Study, option: Option) -> str:
    if is_none(option.value):
        return ""
    if option.name == "base":
        return "the facade has no base="
    if option.name not in names.OPTIONS:
        return f"the facade has no {option.name}="
    value = constant(study.project, option.value, option.scope, option.source)
    if option.name == "serializer" and string(value) != "json":
        return "the facade's serializer is json"
    return ""


def _of_self(task: CeleryTask) -> Iterator[tuple[Frame, str]]:
    """Yield what a bound task asks itself for and the facade does not know."""
    params = [*task.node.params.posonly_params, *task.node.params.params]
    if not task.bound or not params:
        return
    me = params[0].name.value
    for chain in task.source.survey.chains:
        if chain.root != me or not chain.parts:
            continue
        if not any(frame.node is task.node for frame in chain.frame.ancestors()):
            continue
        first, *rest = chain.parts
        if first not in names.ATTRIBUTES:
            yield chain.frame, f"the facade's tasks have no {first}"
        elif first == "request" and rest and rest[0] not in names.REQUEST:
            yield chain.frame, f"the facade's request has no {rest[0]}"
        elif first == "retry" and (wrong := _keywords(chain.frame) & _NOT_RETRIED):
            yield chain.frame, f"retry() of the facade cannot change {min(wrong)}"


_NOT_RETRIED = frozenset({"queue", "priority", "expires", "routing_key", "exchange", "headers"})


def _of_use(use: Use) -> str:
    if not use.rest:
        return ""
    first = use.rest[0]
    if use.source.is_test and (use.chain.stored or len(use.rest) > 1):
        return ""  # a mock
    if first not in names.ATTRIBUTES:
        return f"the facade's tasks have no {first}"
    if first in {"s", "si", "signature"} and _is_scheduled(use.chain.frame):
        return "add_periodic_task() takes signatures of Celery; name the task in beat_schedule"
    if first in {"apply_async", "apply_async_on_commit"}:
        wrong = _keywords(use.chain.frame) - names.CALL_OPTIONS
        if wrong:
            return f"apply_async() of the facade has no {min(wrong)}="
    return ""


def _is_scheduled(frame: Frame) -> bool:
    calls = (each.node for each in frame.ancestors() if isinstance(each.node, cst.Call))
    return any(
        isinstance(call.func, cst.Attribute) and call.func.attr.value == "add_periodic_task"
        for call in calls
    )


def _keywords(frame: Frame) -> set[str]:
    """Return the names of the arguments a call gives."""
    up = frame.up
    if up is None or not isinstance(up.node, cst.Call) or up.node.func is not frame.node:
        return set()
    return {arg.keyword.value for arg in up.node.args if arg.keyword is not None}
