"""A peer that is a backend of django.tasks."""

from __future__ import annotations

from datetime import timedelta

from .base import Peer


class Standard(Peer):
    """Enqueue as Django documents it."""

    def nothing(self, number: int) -> None:
        from ..jobs.standard import nothing

        nothing.enqueue(number)

    def mark(self, label: str) -> None:
        from ..jobs.standard import mark

        mark.enqueue(label)

    def defer(self) -> None:
        from django.utils import timezone

        from ..jobs.standard import nothing

        nothing.using(run_after=timezone.now() + timedelta(days=1)).enqueue(0)

    def park(self) -> None:
        from ..jobs.standard import nothing

        nothing.using(queue_name="parked").enqueue(0)


def backend(path: str) -> dict[str, object]:
    """Return TASKS with one backend."""
    return {"default": {"BACKEND": path, "QUEUES": ["default", "parked"]}}
