"""Plan the file of schedules and say what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codemods.engine.plan import FileChange
from codemods.engine.site import Kind, Note, Site
from codemods.rules.celery.schedules.entry import Entry
from codemods.rules.celery.schedules.inventory import (
    FILE,
    SCHEDULES,
    inventory,
    inventory_change,
    inventory_text,
    is_ours,
    timezone,
)
from codemods.rules.celery.settings.aliases import label_beside, place
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.study import Study


def plan_schedules(
    study: Study, celery: CelerySettings
) -> tuple[list[Site], list[Note], list[FileChange]]:
    """Return what the report says of schedules, and the file."""
    entries = inventory(study, celery)
    if not entries:
        return [], [], []
    path, label = _where(celery, entries)
    notes = list(_notes(entries, label))
    if not is_ours(path):
        reason = "the file is there already and not of this codemod; move it away"
        return [Site(label, 1, SCHEDULES.code, Kind.PERSON, reason)], notes, []
    change = inventory_change(path, label, inventory_text(entries, timezone(study, celery)))
    if change is None:
        return [], notes, []
    site = Site(label, 1, SCHEDULES.code, Kind.REWRITE, f"{len(entries)} schedules are listed")
    return [site], notes, [change]


def sent_to(study: Study, celery: CelerySettings) -> set[str]:
    """Return the queues schedules send to."""
    queues = (entry.facts.get("queue") for entry in inventory(study, celery))
    return {queue for queue in queues if isinstance(queue, str)}


def _where(celery: CelerySettings, entries: list[Entry]) -> tuple[Path, str]:
    for home in celery.django.bases:
        found = place(home, FILE)
        if found is not None:
            return found[1], label_beside(home.source, found[1])
    bases = celery.django.bases
    source = bases[0].source if bases else entries[0].source
    top = source.path.parents[source.name.count(".")]
    if source.path.name == "__init__.py":
        top = top.parent
    near = next((up for up in source.path.parents if (up / "manage.py").exists()), top)
    return near / FILE, label_beside(source, near / FILE)


def _notes(entries: list[Entry], label: str) -> Iterator[Note]:
    count = f"{len(entries)} schedule{'' if len(entries) == 1 else 's'}"
    yield Note(
        SCHEDULES.code, f"{count} listed in {label}; task names did not change, beat goes on"
    )
    for entry in entries:
        for what, why in entry.unread.items():
            text = f"{entry.name}: {what} {why['source'][:60]!r} cannot be read: {why['reason']}"
            yield Note(SCHEDULES.code, text)
