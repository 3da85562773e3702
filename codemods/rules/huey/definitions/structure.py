"""Where a definition stands, and what forbids to convert it there."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.below import problem_below
from codemods.engine.scope import ScopeKind
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.rules.huey.study import Study
from codemods.rules.huey.task import HueyTask

ALIAS = Rule(
    "HUE102",
    "A decorator the project made",
    "patient_task = db_task(retries=3) becomes patient_task = task(retry=Retry(...)), and the "
    "functions below it stay as they are; partial(db_task, ...) and a function that only returns "
    "db_task(...) likewise. All of them are converted or none. A decorator made in another way "
    "cannot be read; its tasks stay on Huey.",
)
NESTED = Rule(
    "HUE103",
    "A task inside a function or class",
    "A worker imports a task by its module path, so it has to be a function of a module. Move it "
    "there and run again.",
)
CONDITIONAL = Rule(
    "HUE104",
    "A task that exists only sometimes",
    "A task defined inside try, or twice under one name, cannot be moved safely.",
)
STACKED = Rule(
    "HUE105",
    "A decorator around the task that cannot be followed",
    "What a decorator above the task decorator returns is no task: what calls of that name do is "
    "the decorator's business. One below may hide the function's name, or read the task that "
    "context=True passes. Such tasks, and all that names them, stay on Huey.",
)


def problem_of_place(study: Study, task: HueyTask) -> tuple[str, str] | None:
    """Say what about the place of a definition forbids to convert it."""
    if task.hidden:
        return ALIAS.code, task.hidden
    if task.frame.scope.kind is not ScopeKind.MODULE:
        where = "class" if task.frame.scope.kind is ScopeKind.CLASS else "function"
        return NESTED.code, f"the task is defined inside a {where}; move it to the module"
    if task.frame.enclosing(cst.Try, cst.TryStar) is not None:
        return CONDITIONAL.code, "the task is defined inside try"
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
