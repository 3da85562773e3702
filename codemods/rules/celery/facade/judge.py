"""Which modules can take their imports from the facade."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import constant, string
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.celery.facade.imports import Moved
from codemods.rules.celery.facade.limits import KEPT, limits
from codemods.rules.celery.facade.names import NOT_THERE
from codemods.rules.celery.names import SHARED_TASK, SIGNATURES
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask

RESULT = Rule(
    "CEL147",
    "The result of a chain or a chord is used",
    "compat.celery.facade starts the next task when the one before has ended, so what starting a "
    "chain or a chord returns has parent, the result of its first part, and nothing of its end: "
    "get() and id raise NotImplementedError. Let the last task keep what it finds in a model.",
)
_CANVASES = frozenset(
    {"celery.chain", "celery.chord", "celery.canvas.chain", "celery.canvas.chord"}
)


def judge_facade(study: Study) -> None:
    """Judge every module that imports names of Celery, and the tasks it defines."""
    study.outcomes.extend(limits(study))
    own: dict[Source, set[str]] = defaultdict(set)
    for task in study.tasks.values():
        own[task.source].add(task.key)
        if task.alias is not None:
            own[task.alias.source].add(task.key)
        _note_names(study, task.key)
    meeting = _meeting(study)
    used: dict[Source, set[str]] = defaultdict(set)
    for key, uses in study.uses.items():
        for use in uses:
            used[use.source].add(key)
    for source in study.project.relevant:
        moved = Moved.of(source)
        keys = own[source] | meeting[source]
        if keys:
            study.groups.append(frozenset(keys))
        names = {full for full, _ in moved.local_names}
        tasks = frozenset(keys or used[source] or study.tasks)
        if "celery.result.AsyncResult" in names and not own[source]:
            tasks = frozenset(study.tasks)  # of which of them it is, nobody knows
        of_apps = [
            task
            for task in study.tasks.values()
            if task.source is source and task.alias is None and _is_of_app(task)
        ]
        if of_apps and "shared_task" in source.survey.scope.bindings.keys() - _locals(moved):
            reason = "shared_task is another name here; rename it"
            frame = of_apps[0].frame
            study.outcomes.append(
                Outcome(source, frame, KEPT.code, Kind.PERSON, reason, tasks, blocks=True)
            )
        for chain, reason in _problems(study, source, moved):
            if tasks:
                study.outcomes.append(
                    Outcome(source, chain.frame, KEPT.code, Kind.PERSON, reason, tasks, blocks=True)
                )
        outcome = moved.outcome(tasks, of_apps) if tasks else None
        if outcome is not None:
            study.outcomes.append(outcome)
            study.outcomes.extend(_results(study, source, tasks))


def _note_names(study: Study, key: str) -> None:
    """Remember the queues, for TASKS."""
    task = study.tasks[key]
    option = task.options.found.get("queue")
    if option is not None:
        value = string(constant(study.project, option.value, option.scope, option.source))
        if value is None:
            study.unknown_queues.append(f"{task.source.label}: queue= of {task.name}")
        elif value != "default":
            study.queues.add(value)
    for use in study.uses.get(key, ()):
        up = use.chain.frame.up
        if up is None or not isinstance(up.node, cst.Call) or use.source.is_test:
            continue
        for arg in up.node.args:
            if arg.keyword is not None and arg.keyword.value == "queue":
                value = string(
                    constant(study.project, arg.value, use.chain.frame.scope, use.source)
                )
                if value is None:
                    study.unknown_queues.append(f"{use.source.label}: queue= of a call")
                elif value != "default":
                    study.queues.add(value)


def _meeting(study: Study) -> dict[Source, set[str]]:
    """Return the tasks whose signatures a module makes: a canvas of them has one side."""
    found: dict[Source, set[str]] = defaultdict(set)
    for key, uses in study.uses.items():
        for use in uses:
            if use.rest and use.rest[0] in SIGNATURES:
                found[use.source].add(key)
    return found


def _is_of_app(task: CeleryTask) -> bool:
    decorator = task.decorator_frame.node
    assert isinstance(decorator, cst.Decorator)
    func = decorator.decorator
    func = func.func if isinstance(func, cst.Call) else func
    return isinstance(func, cst.Attribute) and func.attr.value == "task"


def _locals(moved: Moved) -> set[str]:
    return {name for _, name in moved.local_names}


def _problems(study: Study, source: Source, moved: Moved) -> Iterator[tuple[Chain, str]]:
    """Yield what a module says to Celery that would not meet the facade's tasks."""
    local = _locals(moved)
    for chain in source.survey.chains:
        target = study.project.resolve(chain, source)
        if target is None or target.source is not None:
            continue
        if target.full in NOT_THERE:
            yield chain, f"the facade has no {target.full.rpartition('.')[2]}"
        elif target.full in SHARED_TASK | _CANVASES and chain.root not in local:
            yield chain, f"{chain.dotted} is not imported by its name; write `from celery import`"


def _results(study: Study, source: Source, tasks: frozenset[str]) -> Iterator[Outcome]:
    if source.is_test:
        return
    for chain in source.survey.chains:
        target = study.project.resolve(chain, source)
        if target is None or target.full not in _CANVASES:
            continue
        frame = chain.frame
        while frame.up is not None and not isinstance(frame.up.node, cst.BaseSmallStatement):
            frame = frame.up
        statement = frame.up.node if frame.up is not None else None
        if statement is not None and not isinstance(statement, (cst.Expr, cst.ImportFrom)):
            reason = "what starting it returns has parent, and no get() or id"
            yield Outcome(source, chain.frame, RESULT.code, Kind.PERSON, reason, tasks)
