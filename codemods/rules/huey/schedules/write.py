"""Plan the file of schedules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codemods.engine.literals import is_false, mapping, string
from codemods.engine.schedules.file import (
    inventory_change,
    inventory_place,
    inventory_text,
    is_ours,
)
from codemods.engine.settings.homes import Settings
from codemods.engine.settling import Written
from codemods.engine.site import Kind, Note, Rule, Site
from codemods.rules.huey.study import Study

SCHEDULES = Rule(
    "HUE505",
    "Schedules are listed in task_schedules.json",
    "The file has an entry for every periodic task that is converted, as that of Celery's beat "
    "has: the five fields of its crontab, which all have to fit, and the time zone. Huey's "
    "consumer reads crontabs in UTC, or in the zone of the settings with utc=False. Entries of "
    "earlier runs stay.",
)
_LIBRARY = "huey"


def plan_schedules(study: Study, settings: Settings, converted: set[str], written: Written) -> None:
    """Add the file of schedules and what the report says of it."""
    entries = [found.entry for key, found in study.periodic.items() if key in converted]
    if not entries:
        return
    for entry in entries:
        legacy = study.aliases.get(entry.task)
        if legacy is not None:
            entry.facts["huey_name"] = legacy
    path, label = inventory_place(settings.bases, entries)
    if not is_ours(path, _LIBRARY):
        reason = "the file is there already and not of this codemod; move it away"
        written.sites.append(Site(label, 1, SCHEDULES.code, Kind.PERSON, reason))
        return
    after = inventory_text(entries, _timezone(settings), _LIBRARY)
    change = inventory_change(path, label, _with_earlier(path, after))
    if change is not None:
        count = f"{len(entries)} schedule{'' if len(entries) == 1 else 's'}"
        reason = f"{count} listed"
        written.sites.append(Site(label, 1, SCHEDULES.code, Kind.REWRITE, reason))
        written.files.append(change)
        note = f"{count} listed in {label}; the consumer no longer starts these tasks"
        written.notes.append(Note(SCHEDULES.code, note))


def _with_earlier(path: Path, after: bytes) -> bytes:
    """Return the file with the entries of earlier runs, whose decorators are gone."""
    if not path.exists():
        return after
    data: dict[str, Any] = json.loads(after)
    named = {entry["task"] for entry in data["schedules"]}
    before = json.loads(path.read_bytes()).get("schedules", [])
    earlier = [entry for entry in before if entry.get("task") not in named]
    data["schedules"] = [*earlier, *data["schedules"]]
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def _timezone(settings: Settings) -> str | None:
    """Return the zone crontabs are in: UTC unless HUEY says otherwise. None if unreadable."""
    for home in settings.homes:
        for binding in home.own("HUEY"):
            utc = (mapping(binding.value) or {}).get("utc")
            if is_false(utc):
                zones = [
                    string(one.value) for base in settings.homes for one in base.own("TIME_ZONE")
                ]
                return zones[0] if zones else None
    return "UTC"
