"""Schedules in the database: django-celery-beat's models."""

from __future__ import annotations

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.celery.study import Study

STORED = Rule(
    "CEL513",
    "Code that uses django-celery-beat's models",
    "Rows of PeriodicTask name tasks as Celery does. Names do not change, so beat's "
    "DatabaseScheduler goes on sending them; they are not in task_schedules.json. Rewrite this "
    "code when the schedules leave beat.",
)


def report_stored(study: Study, sources: list[Source]) -> None:
    """Report the first use of the models in each file."""
    for source in sources:
        if source.is_test or "migrations" in source.path.parts:
            continue
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            if target is None or not target.full.startswith("django_celery_beat.models."):
                continue
            reason = "schedules in the database stay with beat; rewrite this when they leave it"
            outcome = Outcome(source, chain.frame, STORED.code, Kind.PERSON, reason)
            outcome.any_of = frozenset(study.tasks)
            study.outcomes.append(outcome)
            break
