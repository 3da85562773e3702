"""What the settings of a CeleryBackend and of its Celery app say together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from bridge.backends.options import HOLD_ETA, MAX_PAYLOAD, QUEUE_MAP, REQUIRE_CONSUMER, RESULTS
from bridge.checks.kinds import WRONG_APP, WRONG_CELERY_OPTION

if TYPE_CHECKING:
    from compat.celery.base import OnCelery


def check_options(backend: OnCelery) -> Iterator[checks.CheckMessage]:
    """Yield an error for each option that is wrong."""
    right = True
    for option in (HOLD_ETA, MAX_PAYLOAD, QUEUE_MAP, REQUIRE_CONSUMER, RESULTS):
        if option not in backend.known_options:
            continue
        try:
            backend.option(option)
        except ImproperlyConfigured as error:
            right = False
            yield WRONG_CELERY_OPTION(str(error))
    if right and backend.option(QUEUE_MAP) and not backend.wrong(WRONG_APP, "app"):
        for problem in backend.celery_queues.wrong(set(backend.queues)):
            yield WRONG_CELERY_OPTION(f"QUEUE_MAP of TASKS[{backend.alias!r}] {problem}.")
