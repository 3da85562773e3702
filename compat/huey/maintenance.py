"""Let a Huey tell what its consumers do.

Each process of a consumer that runs tasks has a lease of its own, and a thread that keeps it: the
main process of a consumer whose workers are processes has no part in it.
"""

from __future__ import annotations

from typing import Any

from compat.huey import attempt, deaths, holder

HOOK = "bridge"


def attend(huey: Any) -> None:
    """Take notice of the workers that a consumer starts, and of what becomes of their tasks."""
    huey.on_startup(name=HOOK)(holder.begin)
    huey.on_shutdown(name=HOOK)(holder.end)
    huey.pre_execute(name=HOOK)(attempt.claim)
    deaths.watch(huey)
