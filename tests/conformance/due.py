"""What a worker that is waited for still has to do."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

A_MOMENT = timedelta(seconds=0.1)
"""An attempt that is due at once is due a little later than the clock of a database says it is."""


def due() -> Q:
    """Match rows that run, may run now, or may in a moment."""
    soon = timezone.now() + A_MOMENT
    ready = Q(run_after=None) | Q(run_after__lte=soon)
    return Q(status="RUNNING") | (Q(status="READY") & ready)
