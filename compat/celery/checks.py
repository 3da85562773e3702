"""What the settings of a CeleryBackend and of its Celery app say together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from bridge.backends.options import HOLD_ETA, MAX_PAYLOAD
from bridge.checks.kinds import WRONG_CELERY_OPTION

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend


def check_options(backend: CeleryBackend) -> Iterator[checks.CheckMessage]:
    """Yield an error for each option that is wrong."""
    for option in (HOLD_ETA, MAX_PAYLOAD):
        try:
            backend.option(option)
        except ImproperlyConfigured as error:
            yield WRONG_CELERY_OPTION(str(error))
