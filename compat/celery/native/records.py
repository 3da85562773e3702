"""Celery's result backend as the keeper of results, from the enqueueing on."""

from __future__ import annotations

import logging
import time
from functools import cached_property
from typing import Any

from celery import Celery, states
from celery.backends.base import BaseKeyValueStoreBackend
from celery.backends.redis import RedisBackend
from django.utils import timezone

from bridge.result import AnyResult
from bridge.retry import like
from compat.celery import stamp

logger = logging.getLogger("bridge.celery")

Meta = dict[str, Any]
"""What Celery stores of a task."""

BRIEFLY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
"""A caller of enqueue() waits; Celery would try for 19 seconds."""
PAUSE = 10.0
"""Seconds for which a result backend that was away is left alone."""


class Records:
    """Reads and writes what Celery stores of tasks, in its own format."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._away_until = 0.0

    @cached_property
    def kept(self) -> bool:
        """Say whether what is stored tells of every task which it is and how it went."""
        conf = self._app.conf
        return (
            isinstance(self._app.backend, BaseKeyValueStoreBackend)
            and bool(conf.result_extended)
            and not conf.task_ignore_result
        )

    def open(self, result: AnyResult, name: str) -> None:
        """Store that a task is enqueued, so that it is known before a worker has it.

        A result backend that does not answer must not keep the task from running: its result is
        known then from the moment a worker stores it.
        """
        if time.monotonic() < self._away_until:
            return
        meta = {
            "task_id": result.id,
            "status": states.PENDING,
            "result": None,
            "traceback": None,
            "children": [],
            "date_done": None,
            "name": name,
            "args": result.args,
            "kwargs": result.kwargs,
            "worker": None,
            "retries": 0,
            "queue": None,
            "stamped_headers": [stamp.NAME],
            stamp.NAME: stamp.enqueued(result),
        }
        results: Any = self._app.backend
        more: dict[str, Any] = {}
        if isinstance(results, RedisBackend):
            more = {**BRIEFLY, "expires": _expires(results.expires, result)}
        try:
            results.set(results.get_key_for_task(result.id), results.encode(meta), **more)
        except Exception as error:  # noqa: BLE001
            # Every result backend has its own errors.
            self._away_until = time.monotonic() + PAUSE
            logger.warning(
                "task=%s is not stored as enqueued, nor are others for %g s: Celery's result "
                "backend does not answer: %r",
                result.id,
                PAUSE,
                error,
            )

    def drop(self, result_id: str) -> None:
        """Forget a task that was not enqueued after all."""
        try:
            results: Any = self._app.backend
            results.delete(results.get_key_for_task(result_id))
        except Exception as error:  # noqa: BLE001
            logger.warning("task=%s was not enqueued, and stays stored: %r", result_id, error)

    def find(self, result_id: str) -> Meta | None:
        """Return what is stored of a task, its exception undecoded; None when nothing is."""
        results: Any = self._app.backend
        # get_task_meta() would make a class of an exception that this process does not have.
        payload = results.get(results.get_key_for_task(result_id)) if result_id else None
        return results.decode(payload) if payload else None


def _expires(seconds: int | None, result: AnyResult) -> int | None:
    """Return for how long a task is known that no worker has: it may have to wait itself."""
    run_after = result.task.run_after
    if not seconds or run_after is None:
        return seconds
    now = timezone.now()
    return seconds + max(0, int((like(run_after, now) - now).total_seconds()))
