"""Paths in strings: BACKEND of TASKS, mock paths, import_string()."""

from __future__ import annotations

from codemods.engine.literals import renamed_string
from codemods.engine.scope import Text
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.backport.absent import ABSENT, DATABASE, advice
from codemods.rules.backport.apps import in_apps
from codemods.rules.backport.names import (
    BRIDGE_DATABASE,
    DATABASE_APPS,
    DATABASE_BACKENDS,
    STATUS_CLASSES,
    STATUSES,
    counterpart,
    is_backport,
)
from codemods.rules.backport.study import Study

PATH = Rule(
    "DEP120",
    "A path of django_tasks in a string",
    "BACKEND of TASKS, what mocks patch and what is imported by name follow the imports.",
    '"django_tasks.backends.immediate.ImmediateBackend"',
    '"django.tasks.backends.immediate.ImmediateBackend"',
)
BACKEND = Rule(
    "DEP121",
    "The database backend becomes that of the bridge",
    "bridge.DatabaseBackend keeps tasks in tables of its own, beside the old one. What is queued "
    "in the old table stays there: let its workers finish before they are replaced. With --target "
    "django the backend is reported, for Django has none.",
    '"django_tasks.backends.database.DatabaseBackend"',
    '"bridge.DatabaseBackend"',
)


def judge_paths(study: Study) -> None:
    """Judge every string that is a path into the backport."""
    for source in study.project.relevant:
        for text in source.survey.texts:
            if is_backport(text.value):
                _judge(study, source, text)


def _judge(study: Study, source: Source, text: Text) -> None:
    value = text.value
    if value in DATABASE_APPS and in_apps(text.frame):
        return
    found = counterpart(value, study.target)
    if value in DATABASE_BACKENDS and study.target == "bridge":
        outcome = study.outcome(source, text.frame, BACKEND, Kind.CHANGE, DATABASE)
        outcome.edit(text.frame, renamed_string(BRIDGE_DATABASE))
        return
    unknown = found is None or (found.is_module and found.rest) or found.new == BRIDGE_DATABASE
    if found is None or unknown:
        study.outcome(source, text.frame, ABSENT, Kind.PERSON, advice(value, study.target))
        return
    rest = found.rest
    if found.old in STATUS_CLASSES and rest:
        rest = (STATUSES.get(rest[0], rest[0]), *rest[1:])
    new = ".".join((found.new, *rest))
    outcome = study.outcome(source, text.frame, PATH, Kind.REWRITE, f"{value} is {new}")
    outcome.edit(text.frame, renamed_string(new))
