"""Tasks that end without their code, and without a row: the worker's main process announces them.

Celery has stored by then how they ended.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import signals

from bridge import registry
from bridge.execution import announce
from compat.celery.native.backend import NativeCeleryBackend
from compat.celery.registration import owner

logger = logging.getLogger("bridge.celery")


def watch() -> None:
    """Announce the tasks that Celery reports to this process from now on."""
    pid = os.getpid()

    def report(sender: Any, task_id: str) -> None:
        # Child processes inherit the receivers, and report nothing.
        path = getattr(sender, "bridged", None)
        if os.getpid() == pid and path is not None:
            _announce(path, task_id)

    def on_failure(sender: Any, task_id: str, exception: BaseException, **kwargs: Any) -> None:
        if isinstance(exception, (TimeLimitExceeded, WorkerLostError)):
            report(sender, task_id)

    def on_revoked(sender: Any, request: Any, **kwargs: Any) -> None:
        report(sender, request.id)

    for signal, receiver in (
        (signals.task_failure, on_failure),
        (signals.task_revoked, on_revoked),
    ):
        # The worker before this one in the same process, in a test for example, hears no more.
        uid = f"bridge.native.{signal.name}"
        signal.disconnect(dispatch_uid=uid)
        signal.connect(receiver, weak=False, dispatch_uid=uid)


def _announce(path: str, task_id: str) -> None:
    try:
        backend = owner(registry.resolve(path))
        if isinstance(backend, NativeCeleryBackend) and backend.supports_get_result:
            announce(backend.get_result(task_id), type(backend))
    except Exception as error:  # noqa: BLE001
        # How it ended is stored all the same.
        logger.warning("task=%s finished unannounced: %r", task_id, error)
