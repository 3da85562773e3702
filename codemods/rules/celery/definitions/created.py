"""Tasks that no decorator makes, and apps that cannot be seen."""

from __future__ import annotations

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.study import Study

CREATED = Rule(
    "CEL106",
    "A task that cannot be read",
    "app.task(function) makes a task at run time, and a decorator on an app that no module under "
    "the given paths creates cannot be told from any other. Write the decorator on the function, "
    "or name the app with --celery-app.",
)


def report_created(study: Study) -> None:
    """Report tasks made by a call and decorators of unknown apps."""
    for source, frame in study.census.created:
        reason = "a task made by a call stays on Celery"
        study.outcomes.append(Outcome(source, frame, CREATED.code, Kind.PERSON, reason))
    for source, frame, app in study.census.unknown_apps:
        reason = f"{app} cannot be seen from here; name it with --celery-app if it is a Celery app"
        study.outcomes.append(Outcome(source, frame, CREATED.code, Kind.PERSON, reason))
