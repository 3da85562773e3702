"""What is fine in development and not in production; no connection is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core import checks
from huey.storage import BlackHoleStorage, MemoryStorage

from bridge.checks.kinds import NOT_FOR_PRODUCTION, RESULTS_UNSEEN

if TYPE_CHECKING:
    from compat.huey.backend import HueyBackend


def check_deployment(backend: HueyBackend) -> Iterator[checks.CheckMessage]:
    """Yield a warning for each Huey that is not for production."""
    for huey in backend.hueys.all():
        place = f"The Huey {huey.name!r} of TASKS[{backend.alias!r}]"
        if huey.immediate:
            yield NOT_FOR_PRODUCTION(
                f"{place} is immediate, so it runs tasks while their callers wait.",
                hint="Set 'immediate': False in HUEY: without it, it is what DEBUG is.",
            )
        elif _is_kept_nowhere(huey):
            yield NOT_FOR_PRODUCTION(
                f"{place} has {type(huey.storage).__name__}, which no other process can read.",
                hint="Use a storage in Redis, PostgreSQL, SQLite or in files.",
            )
        if not huey.results:
            yield RESULTS_UNSEEN(
                f"{place} keeps no results, so what consumers of old code run stays READY.",
            )


def _is_kept_nowhere(huey: Any) -> bool:
    return isinstance(huey.storage, (MemoryStorage, BlackHoleStorage))
