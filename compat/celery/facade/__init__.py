"""Celery's API on any backend of Django's Tasks API: no broker and no celery package needed.

What it makes is a `bridge.Task`, so `enqueue()`, `using()`, hooks and checks know it too. Limits:

* `task_id=`, `headers=`, `routing_key=` and limits per call raise NotImplementedError and say what
  to do; an unknown option raises TypeError.
* chain, group and chord need a backend of ours; chord one with a ledger, or ImmediateBackend. The
  result of a chain or a chord does not say what its last task returns.
* `self.retry()` cannot change the arguments.
* What `update_state()` says must fit in 500 characters.
"""

from __future__ import annotations

from compat.celery.facade.chain import chain
from compat.celery.facade.chord import chord
from compat.celery.facade.current import current_task
from compat.celery.facade.decorator import shared_task
from compat.celery.facade.eager import EagerResult
from compat.celery.facade.exceptions import (
    ChordError,
    MaxRetriesExceededError,
    Retry,
    SoftTimeLimitExceeded,
    TaskFailed,
    TaskRevokedError,
    TimeLimitExceeded,
    TimeoutError,  # noqa: A004
)
from compat.celery.facade.group import GroupResult, group
from compat.celery.facade.log import get_task_logger
from compat.celery.facade.notices import LegacyCallWarning
from compat.celery.facade.result import AsyncResult
from compat.celery.facade.signature import Signature, signature
from compat.celery.facade.task import Task

__all__ = [
    "AsyncResult",
    "ChordError",
    "EagerResult",
    "GroupResult",
    "LegacyCallWarning",
    "MaxRetriesExceededError",
    "Retry",
    "Signature",
    "SoftTimeLimitExceeded",
    "Task",
    "TaskFailed",
    "TaskRevokedError",
    "TimeLimitExceeded",
    "TimeoutError",
    "chain",
    "chord",
    "current_task",
    "get_task_logger",
    "group",
    "shared_task",
    "signature",
]
