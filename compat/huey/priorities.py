"""Django's priorities (-100..100, high first) as storages have them: any number, high first."""

from __future__ import annotations

from typing import Any

from huey.storage import FileStorage

HIGHEST = 100


def is_ordered(huey: Any) -> bool:
    """Say whether the storage of a Huey serves high priorities first.

    Immediate mode has another storage in its place, for which the question does not arise.
    """
    storage = huey.storage_class or type(huey.storage)
    return bool(storage.priority)


def to_wire(priority: int, huey: Any) -> int | None:
    """Return a message's priority; None for Django's default, which sends none."""
    if isinstance(huey.storage, FileStorage):
        priority = max(priority, 0)  # it has no level below the default one
    return priority or None


def from_wire(priority: float | None) -> int:
    """Return the Django priority of a message that old code sent, the nearest there is."""
    return min(max(round(priority or 0), -HIGHEST), HIGHEST)
