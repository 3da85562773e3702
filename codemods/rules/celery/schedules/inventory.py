"""The file of schedules."""

from __future__ import annotations

from codemods.engine.schedules.entry import Entry
from codemods.engine.schedules.evaluate import Reader, Unreadable
from codemods.engine.site import Rule
from codemods.rules.celery.schedules.beat import Beat
from codemods.rules.celery.schedules.periodic import periodic_entries
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.study import Study

SCHEDULES = Rule(
    "CEL505",
    "Schedules are listed in task_schedules.json",
    "Beat goes on: task names do not change, so its entries still find their tasks. The file "
    "lists every entry of beat_schedule, add_periodic_task and @periodic_task for the scheduler "
    "that follows beat, with the source of what could not be read.",
)


def inventory(study: Study, celery: CelerySettings) -> list[Entry]:
    """Return every schedule of the project, the module path of its task filled in."""
    found = [*Beat(study.project, celery).entries(), *periodic_entries(study.project)]
    paths = {legacy: key for key, legacy in study.aliases.items()}
    for entry in found:
        if entry.task in paths:
            entry.facts["celery_name"] = entry.task
            entry.task = paths[entry.task]
    return found


def timezone(study: Study, celery: CelerySettings) -> str | None:
    """Return the time zone crontabs are in: Celery's is UTC unless told. None if unreadable."""
    said = [value for value in celery.named("timezone") if not value.is_test]
    for value in said:
        if value.node is None:
            continue
        try:
            read = Reader(study.project, value.source, value.scope).value(value.node)
        except Unreadable:
            continue
        if isinstance(read, str):
            return read
    return None if said else "UTC"
