"""Projects whose tasks are those of django-taskq, which has Celery's words and its own queue."""

from __future__ import annotations

from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind
from codemods.engine.settings.homes import Home
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.settings.anchors import anchor
from codemods.rules.celery.study import Study

TASKQ = Rule(
    "CEL514",
    "django-taskq's queue becomes the bridge's",
    "from django_taskq.celery import shared_task speaks Celery's language, but no broker is "
    "behind it: its tasks are rows of the database. TASKS names bridge.DatabaseBackend, whose "
    "rows db_worker runs. What waits in django-taskq's tables stays there: let its worker finish "
    "before you remove django_taskq from INSTALLED_APPS.",
)


def is_all_taskq(study: Study) -> bool:
    """Does the project import django-taskq, and Celery nowhere?"""
    tops = {
        binding.target.partition(".")[0]
        for source in study.project.relevant
        for bindings in source.survey.scope.bindings.values()
        for binding in bindings
        if binding.kind is BindingKind.IMPORT
    }
    return "django_taskq" in tops and "celery" not in tops


def leave_queue(base: Home) -> Outcome:
    """Say what becomes of the tasks that wait."""
    reason = "new tasks go to the bridge's tables; what waits in django-taskq's stays there"
    return Outcome(base.source, anchor(base), TASKQ.code, Kind.CHANGE, reason)
