"""What the report says of settings."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.engine.site import Note
from codemods.rules.celery.settings.became import became
from codemods.rules.celery.settings.existing import QUEUES
from codemods.rules.celery.settings.values import CelerySettings

_SHOWN = 3


def notes(celery: CelerySettings, unknown: list[str], target: str) -> Iterator[Note]:
    """Yield a line for each Celery setting: what it became."""
    spelled: dict[str, set[str]] = {}
    for value in celery.values:
        spelled.setdefault(value.name, set()).add(value.spelled)
    for name, spellings in sorted(spelled.items()):
        code, words = became(name, target)
        yield Note(code, f"{', '.join(sorted(spellings))}: {words}")
    places = list(dict.fromkeys(unknown))
    if places:
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        which = ", ".join(places[:_SHOWN]) + more
        yield Note(
            QUEUES.code, f"QUEUES is empty and accepts any, as these queues cannot be read: {which}"
        )
