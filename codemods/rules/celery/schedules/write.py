"""Plan the file of schedules and say what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.engine.plan import FileChange
from codemods.engine.schedules.entry import Entry
from codemods.engine.schedules.file import (
    inventory_change,
    inventory_place,
    inventory_text,
    is_ours,
)
from codemods.engine.site import Kind, Note, Site
from codemods.rules.celery.schedules.inventory import SCHEDULES, inventory, timezone
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.study import Study


def plan_schedules(
    study: Study, celery: CelerySettings
) -> tuple[list[Site], list[Note], list[FileChange]]:
    """Return what the report says of schedules, and the file."""
    entries = inventory(study, celery)
    if not entries:
        return [], [], []
    path, label = inventory_place(celery.django.bases, entries)
    notes = list(_notes(entries, label))
    if not is_ours(path, "celery"):
        reason = "the file is there already and not of this codemod; move it away"
        return [Site(label, 1, SCHEDULES.code, Kind.PERSON, reason)], notes, []
    change = inventory_change(
        path, label, inventory_text(entries, timezone(study, celery), "celery")
    )
    if change is None:
        return [], notes, []
    site = Site(label, 1, SCHEDULES.code, Kind.REWRITE, f"{len(entries)} schedules are listed")
    return [site], notes, [change]


def sent_to(study: Study, celery: CelerySettings) -> set[str]:
    """Return the queues schedules send to."""
    queues = (entry.facts.get("queue") for entry in inventory(study, celery))
    return {queue for queue in queues if isinstance(queue, str)}


def _notes(entries: list[Entry], label: str) -> Iterator[Note]:
    count = f"{len(entries)} schedule{'' if len(entries) == 1 else 's'}"
    yield Note(
        SCHEDULES.code, f"{count} listed in {label}; task names did not change, beat goes on"
    )
    for entry in entries:
        for what, why in entry.unread.items():
            text = f"{entry.name}: {what} {why['source'][:60]!r} cannot be read: {why['reason']}"
            yield Note(SCHEDULES.code, text)
