"""Tasks that a module has only when Celery can be imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask

GUARD = Rule(
    "CEL116",
    "Tasks that exist when Celery can be imported",
    "try: from celery import shared_task, except ImportError: what to do without. The guarded "
    "import becomes the one of the new task decorator, so the tasks exist where that can be "
    "imported, whether Celery is installed or not. All tasks under one guard move or none.",
)
_ABSENT = frozenset({"ImportError", "ModuleNotFoundError"})
_NEW = ("bridge", "compat", "django.tasks")


@dataclass(frozen=True, slots=True)
class Guard:
    """A try statement around an import of Celery."""

    source: Source
    tried: cst.Try
    imported: Frame
    """The import statement."""


def guard_of(study: Study, task: CeleryTask) -> Guard | str:
    """Return the guard a task is defined under, or why it cannot be understood."""
    found = task.frame.enclosing(cst.Try, cst.TryStar)
    assert found is not None
    tried = found.node
    if not isinstance(tried, cst.Try) or _is_tried(found.up):
        return "the task is defined inside try, which guards more than an import of Celery"
    inside = {id(one.node) for one in task.frame.ancestors()}
    in_body = id(tried.body) in inside
    in_else = tried.orelse is not None and id(tried.orelse) in inside
    if tried.finalbody is not None or not (in_body or in_else):
        return "the task is defined where the import of Celery has failed"
    if not _catches_absence(tried, alone=in_body):
        return "the task is defined inside try, which catches more than a failed import"
    imports = [one for one in task.source.survey.imports if _is_in(one, tried.body)]
    if len(imports) != 1 or not _imports_celery(imports[0]):
        return "the task is defined inside try, which guards more than an import of Celery"
    if not all(_is_plain(line, definitions=in_body) for line in tried.body.body):
        return "the task is defined inside try, which guards more than an import of Celery"
    guard = Guard(task.source, tried, imports[0])
    if not _is_only_for_tasks(study, guard):
        return "what is imported inside try is used for more than the tasks there"
    return guard


def settle_guards(study: Study) -> None:
    """Put the new import of each guard where the old one is."""
    guards: dict[int, tuple[Guard, list[CeleryTask]]] = {}
    for task in study.tasks.values():
        if not _is_tried(task.frame):
            continue
        guard = guard_of(study, task)
        if isinstance(guard, Guard):
            guards.setdefault(id(guard.tried), (guard, []))[1].append(task)
    for guard, tasks in guards.values():
        _settle(study, guard, frozenset(task.key for task in tasks))


def _settle(study: Study, guard: Guard, keys: frozenset[str]) -> None:
    study.groups.append(keys)
    nodes = {id(task.decorator_frame.node) for task in map(study.tasks.__getitem__, keys)}
    here = [outcome for outcome in study.outcomes if outcome.source is guard.source]
    reason = "the tasks exist where the new task decorator can be imported, with or without Celery"
    outcome = Outcome(guard.source, guard.imported, GUARD.code, Kind.CHANGE, reason, keys)
    wanted: set[Need] = set()
    for one in here:
        every = one.needs.union(*(other.needs for other in one.otherwise))
        needs = {need for need in every if _is_of(need.module, _NEW)}
        wanted |= needs
        if id(one.frame.node) in nodes:
            one.needs -= needs
        elif needs:
            outcome.kind, outcome.blocks = Kind.PERSON, True
            outcome.reason = "the module needs more of the bridge than the guard's import gives"
    modules = {need.module for need in wanted}
    if len(modules) == 1 and not outcome.blocks:
        names = [need.alias() for need in sorted(wanted)]
        module = cst.helpers.parse_template_expression(modules.pop())
        assert isinstance(module, (cst.Name, cst.Attribute))
        new = cst.ImportFrom(module=module, names=names)
        outcome.edit(guard.imported, lambda node: new)
    elif modules and not outcome.blocks:
        outcome.kind, outcome.blocks = Kind.PERSON, True
        outcome.reason = "the guard would have to import from several modules"
    study.outcomes.append(outcome)


def _catches_absence(tried: cst.Try, *, alone: bool) -> bool:
    """Is a failed import caught by name, and nothing else beside the definitions?"""
    names: list[str] = []
    for handler in tried.handlers:
        node = handler.type
        many = [item.value for item in node.elements] if isinstance(node, cst.Tuple) else [node]
        names += [dotted_name(one) for one in many]
    if not all(names) or not _ABSENT & set(names):
        return False
    return not alone or set(names) <= _ABSENT


def _imports_celery(frame: Frame) -> bool:
    node = frame.node
    if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return False
    return not node.relative and _is_of(dotted_name(node.module), ("celery",))


def _is_plain(line: cst.CSTNode, *, definitions: bool) -> bool:
    """Is the statement the import, or a question whether to import, or a definition?"""
    if isinstance(line, cst.If):
        branches = [line.body, line.orelse.body if isinstance(line.orelse, cst.Else) else None]
        if isinstance(line.orelse, cst.If):
            return False
        return all(
            _is_plain(inner, definitions=False) for one in branches if one for inner in one.body
        )
    if isinstance(line, cst.SimpleStatementLine):
        return all(isinstance(small, (cst.ImportFrom, cst.Raise)) for small in line.body)
    return definitions and isinstance(line, cst.FunctionDef)


def _is_only_for_tasks(study: Study, guard: Guard) -> bool:
    """Are the imported names the decorators of tasks under this guard, and nothing else?"""
    source = guard.source
    names = {
        binding.name
        for bindings in source.survey.scope.bindings.values()
        for binding in bindings
        if binding.kind is BindingKind.IMPORT and binding.frame.node is guard.imported.node
    }
    decorators = {
        id(task.decorator_frame.node)
        for task in study.tasks.values()
        if task.source is source and _is_in(task.frame, guard.tried)
    }
    for chain in source.survey.chains:
        if chain.root in names:
            holders = list(chain.frame.ancestors())[:2]
            if not any(id(one.node) in decorators for one in holders):
                return False
    return True


def _is_of(module: str, tops: tuple[str, ...]) -> bool:
    return any(module == top or module.startswith(f"{top}.") for top in tops)


def _is_tried(frame: Frame | None) -> bool:
    return frame is not None and frame.enclosing(cst.Try, cst.TryStar) is not None


def _is_in(frame: Frame, node: cst.CSTNode) -> bool:
    return any(one.node is node for one in _with_ancestors(frame))


def _with_ancestors(frame: Frame) -> Iterator[Frame]:
    yield frame
    yield from frame.ancestors()
