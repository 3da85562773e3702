"""Points in time as Celery's API takes them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.utils.timezone import is_aware, is_naive, make_naive


def aware(moment: datetime) -> datetime:
    """Return a time as Django's settings want it; Celery takes one without a zone as UTC."""
    if is_naive(moment):
        moment = moment.replace(tzinfo=UTC)
    return make_naive(moment) if is_aware(moment) and not settings.USE_TZ else moment
