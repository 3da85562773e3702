"""Where a definition stands, and what forbids to convert it there."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.below import problem_below
from codemods.engine.scope import Scope, ScopeKind
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.rules.celery.definitions.guard import guard_of
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask

ALIAS = Rule(
    "CEL102",
    "A decorator the project made",
    'critical_task = shared_task(acks_late=True) becomes critical_task = task(on_lost="retry"), '
    "and the functions below it stay as they are; partial(shared_task, ...) and a function that "
    "only returns shared_task(...) likewise. All of them are converted or none. A decorator made "
    "in another way cannot be read; its tasks stay on Celery.",
)
NESTED = Rule(
    "CEL103",
    "A task inside a function or class",
    "A worker imports a task by its module path, so it has to be a function of a module. Move it "
    "there and run again.",
)
CONDITIONAL = Rule(
    "CEL104",
    "A task that exists only sometimes",
    "A task defined inside a try that is more than the question whether Celery can be imported, "
    "or defined twice under one name, cannot be moved safely.",
)
STACKED = Rule(
    "CEL105",
    "A decorator around the task that cannot be followed",
    "A decorator above the task decorator replaces the task; one below may read self or hide the "
    "function's name. Such tasks stay on Celery.",
)


def problem_of_place(study: Study, task: CeleryTask) -> tuple[str, str] | None:
    """Say what about the place of a definition forbids to convert it."""
    if task.hidden:
        return ALIAS.code, task.hidden
    if task.frame.scope.kind is not ScopeKind.MODULE:
        return NESTED.code, _nested(task)
    if task.frame.enclosing(cst.Try, cst.TryStar) is not None:
        guard = guard_of(study, task)
        if isinstance(guard, str):
            return CONDITIONAL.code, guard
    if len(task.frame.scope.bindings.get(task.name, [])) != 1:
        return CONDITIONAL.code, f"{task.name} is defined more than once"
    if task.decorator:
        above = dotted_name(called(task.node.decorators[task.decorator - 1].decorator))
        return STACKED.code, f"@{above} above the task decorator replaces the task"
    below = problem_below(task, study.project)
    return (STACKED.code, below) if below else None


def called(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return what a decorator calls, or the decorator."""
    return node.func if isinstance(node, cst.Call) else node


def _nested(task: CeleryTask) -> str:
    if task.frame.scope.kind is ScopeKind.CLASS:
        return "the task is defined inside a class; make it a function of the module"
    names = sorted(_captured(task))
    also = f" and pass {', '.join(names)} as arguments" if names else ""
    return f"the task is defined inside a function; move it to the module{also}"


def _captured(task: CeleryTask) -> set[str]:
    """Return the names of the enclosing function that the task reads."""
    around: set[int] = set()
    scope: Scope | None = task.frame.scope
    while scope is not None and scope.parent is not None:
        around.add(id(scope))
        scope = scope.parent
    names = set()
    for chain in task.source.survey.chains:
        frames = list(chain.frame.ancestors())
        if not any(one.node is task.node.body for one in frames):
            continue
        found = chain.frame.scope.lookup(chain.root) if chain.root else None
        if found is not None and id(found[0]) in around:
            names.add(chain.root)
    return names
