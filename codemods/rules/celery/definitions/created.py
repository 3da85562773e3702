"""Tasks that no decorator makes, and apps that cannot be seen."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind, Scope
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.rules.celery.names import TASK_CLASSES
from codemods.rules.celery.study import Study

_DEPTH = 5

CREATED = Rule(
    "CEL106",
    "A task that cannot be read",
    "app.task(function) makes a task at run time, and a decorator on an app that no module under "
    "the given paths creates cannot be told from any other. Write the decorator on the function, "
    "or name the app with --celery-app.",
)
CLASS = Rule(
    "CEL115",
    "A task written as a class",
    "A class with run() that Celery makes a task of, by register_task or by its metaclass, has no "
    "counterpart: a task of django.tasks is a function. Make run() a function of the module under "
    "@shared_task, with the name it was registered with as name=, what __init__ keeps a cached "
    "function, and on_failure or on_success tasks of their own; then run this again.",
)


def report_created(study: Study) -> None:
    """Report tasks made by a call and decorators of unknown apps."""
    for source, frame in study.census.created:
        reason = "a task made by a call stays on Celery"
        study.outcomes.append(Outcome(source, frame, CREATED.code, Kind.PERSON, reason))
    for source, frame, app in study.census.unknown_apps:
        reason = f"{app} cannot be seen from here; name it with --celery-app if it is a Celery app"
        if _is_imported_from_above(source, app.partition(".")[0]):
            reason = f"{app} is imported from above the top package, which fails; mend the import"
        study.outcomes.append(Outcome(source, frame, CREATED.code, Kind.PERSON, reason))
    for source in study.project.relevant:
        for scope in source.survey.class_scopes:
            _report_class(study, source, scope)


def _report_class(study: Study, source: Source, scope: Scope) -> None:
    """Report a subclass of Celery's Task that is a task itself."""
    frame = scope.frame
    if frame is None or not isinstance(frame.node, cst.ClassDef) or "run" not in scope.bindings:
        return
    if _is_task_class(study, source, frame.node, frame.scope):
        name = frame.node.name.value
        reason = f"{name} is a task written as a class; make run() a function under @shared_task"
        study.outcomes.append(Outcome(source, frame, CLASS.code, Kind.PERSON, reason))


def _is_task_class(
    study: Study, source: Source, node: cst.ClassDef, scope: Scope, depth: int = 0
) -> bool:
    for base in node.bases:
        words = tuple(dotted_name(base.value).split("."))
        found = study.project.resolve_name(words, scope, source) if words[0] else None
        found = study.project.open(found) if found is not None else None
        if found is None or depth > _DEPTH:
            continue
        if found.full in TASK_CLASSES:
            return True
        if found.binding is None or found.source is None or found.rest:
            # `class Sync(app.Task)`: the class of an app.
            if found.rest == ("Task",) and study.census.is_app(replace(found, rest=())):
                return True
            continue
        made, inner = found.binding.frame.node, found.source
        if isinstance(made, cst.ClassDef) and _is_task_class(
            study, inner, made, inner.survey.scope, depth + 1
        ):
            return True
    return False


def _is_imported_from_above(source: Source, name: str) -> bool:
    """Does a relative import of the name climb further than there are packages?"""
    depth = len(source.package.split("."))
    return any(
        isinstance(binding.frame.node, cst.ImportFrom) and len(binding.frame.node.relative) > depth
        for binding in source.survey.scope.bindings.get(name, [])
        if binding.kind is BindingKind.IMPORT
    )
