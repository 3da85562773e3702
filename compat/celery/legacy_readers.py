"""What AsyncResult says in old code of a task that the ledger has ended, and no Celery worker.

Celery's result backend is told in the background.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from billiard.exceptions import WorkerLostError
from celery import states
from celery.exceptions import TaskRevokedError
from celery.utils.collections import LimitedSet
from kombu.utils.functional import maybe_list

from compat.celery.notices import notices
from compat.celery.stored import is_readable

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")

BY_THE_LEDGER = "bridge_ledger"
"""An argument of Celery's control command `revoke`, of which old workers take no notice."""
AT_ONCE = 1000
_revoked_by_people = LimitedSet(maxlen=50_000, expires=3 * 3600)
"""As many as Celery remembers, and for as long."""


def tell_cancelled(backend: CeleryBackend, task_ids: Sequence[str]) -> None:
    """Let old workers drop the messages of cancelled tasks, and old code read REVOKED."""
    if task_ids:
        notices.put(partial(_revoke, backend, task_ids))
        notices.put(partial(_store, backend, task_ids, TaskRevokedError("revoked"), states.REVOKED))


def tell_lost(backend: CeleryBackend, task_id: str, reason: str) -> None:
    """Let old code read what Celery stores itself of a task whose worker process died."""
    notices.put(partial(_store, backend, [task_id], WorkerLostError(reason), states.FAILURE))


def forget(backend: CeleryBackend, task_ids: Sequence[str]) -> None:
    """Let Celery's result backend know nothing of tasks that are about to run again.

    It would not replace SUCCESS by how they end then.
    """
    if not is_readable(backend.app):
        return
    try:
        for task_id in task_ids:
            backend.app.backend.forget(task_id)
    except Exception as error:  # noqa: BLE001
        # Every result backend has its own errors, and the ledger has the truth.
        logger.warning("Celery keeps results of tasks that run again: %r", error)


def heed_the_ledger() -> None:
    """Let this worker ignore what tell_cancelled() says: it asks the ledger, which knows better.

    A worker remembers for hours what was revoked, and would drop a task that is requeued.
    """
    from celery.worker.control import Panel  # much that only a worker needs

    heeds = Panel.data["revoke"]
    if getattr(heeds, "asks_ledger", False):
        return

    def revoke(state: Any, task_id: Any, **options: Any) -> Any:
        if options.pop(BY_THE_LEDGER, False):
            return {"ok": "the ledger says what is cancelled"}
        _revoked_by_people.update(maybe_list(task_id) or [])
        return heeds(state, task_id, **options)

    revoke.asks_ledger = True  # type: ignore[attr-defined]
    Panel.data["revoke"] = revoke


def unrevoke(task_id: str) -> bool:
    """Forget that a task was revoked; False when this worker was told so by other than a ledger.

    It may know from an old worker, its neighbour when it started, or from its statedb.
    """
    from celery.worker import state

    if task_id in _revoked_by_people:
        return False
    state.revoked.discard(task_id)
    return True


def _revoke(backend: CeleryBackend, task_ids: Sequence[str]) -> None:
    for start in range(0, len(task_ids), AT_ONCE):
        some = list(task_ids[start : start + AT_ONCE])
        arguments = {"task_id": some, "terminate": False, BY_THE_LEDGER: True}
        backend.app.control.broadcast("revoke", arguments=arguments)


def _store(backend: CeleryBackend, task_ids: Sequence[str], error: Exception, state: str) -> None:
    app = backend.app
    if not is_readable(app) or app.conf.task_ignore_result:
        return
    for task_id in task_ids:
        app.backend.store_result(task_id, error, state)
