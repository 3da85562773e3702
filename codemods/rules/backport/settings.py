"""Keys of TASKS that Django does not read."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import mapping, string
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, way_to
from codemods.rules.backport.names import DATABASE_BACKENDS, is_backport
from codemods.rules.backport.study import Study

ON_COMMIT = Rule(
    "DEP124",
    "ENQUEUE_ON_COMMIT in TASKS",
    "Django's backends enqueue at once and do not read the key; those of bridge do. Up to 0.8 the "
    "backport waited for the commit unless told otherwise.",
)
_KEY = "ENQUEUE_ON_COMMIT"


def judge_settings(study: Study) -> None:
    """Report what TASKS says to a backend that will not hear it."""
    for source in study.project.relevant:
        if _KEY.encode() in source.data:
            for frame, alias, entry in _entries(source):
                _judge(study, source, frame, alias, entry)


def _entries(source: Source) -> Iterator[tuple[Frame, str, cst.BaseExpression]]:
    """Yield each entry of each TASKS that is written out."""
    scopes = [source.survey.scope, *source.survey.class_scopes]
    for scope in scopes:
        for binding in scope.bindings.get("TASKS", ()):
            for alias, entry in (mapping(binding.value) or {}).items():
                yield binding.frame, alias, entry


def _judge(
    study: Study, source: Source, frame: Frame, alias: str, entry: cst.BaseExpression
) -> None:
    found = mapping(entry) or {}
    backend = string(found.get("BACKEND")) or ""
    value = found.get(_KEY)
    if value is None or not is_backport(backend):
        return
    if backend in DATABASE_BACKENDS or dotted_name(value) == "False":
        return
    name = backend.rpartition(".")[2]
    reason = f"{_KEY} of {alias!r} is not read by Django's {name}, which enqueues at once"
    if study.target == "bridge":
        reason += f"; bridge.{name} reads it"
    statement = frame.enclosing(cst.SimpleStatementLine) or frame
    place = way_to(statement, value) or statement
    study.outcome(source, place, ON_COMMIT, Kind.PERSON, reason)
