"""What a task may say about its own execution."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Literal

from bridge.hooks import Hooks
from bridge.interface import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    BaseTask,
    DjangoTask,
    P,
    R,
)
from bridge.limits import Concurrency, RateLimit
from bridge.retry import Retry
from bridge.unique import Unique

OnLost = Literal["retry", "fail"]
ON_LOST = ("retry", "fail")


@dataclass(frozen=True, kw_only=True, repr=False)
class Policies(BaseTask[P, R], Generic[P, R]):
    """What a task says about its own execution."""

    # Django 6.0 gives its own fields no defaults.
    priority: int = DEFAULT_TASK_PRIORITY
    backend: str = DEFAULT_TASK_BACKEND_ALIAS
    queue_name: str = DEFAULT_TASK_QUEUE_NAME
    run_after: datetime | None = None
    takes_context: bool = False

    # When does it run again after an exception?
    retry: Retry | None = None
    # After how many seconds is it interrupted?
    timeout: float | timedelta | None = None
    # After how many seconds is its process killed?
    hard_timeout: float | timedelta | None = None
    # What becomes of it when its worker dies? None leaves it to the backend's ON_LOST.
    on_lost: OnLost | None = None
    # After how many seconds from its enqueueing, or after which time, is it not started any more?
    expires: float | timedelta | datetime | None = None
    # Is a call that is enqueued again while it waits or runs the same call?
    unique: Unique | None = None
    # How many run at a time, and start in a while, over all workers?
    concurrency: Concurrency | None = None
    rate_limit: RateLimit | None = None
    # Do its body and its success share one commit?
    transactional: bool = False
    # What is enqueued in the commit that stores its success, or its failure?
    on_success: Hooks = ()
    on_failure: Hooks = ()
    # Is it enqueued when the caller's transaction commits? None leaves it to the backend.
    enqueue_on_commit: bool | None = None


POLICIES = tuple(
    each.name
    for each in dataclasses.fields(Policies)
    if each.name not in {other.name for other in dataclasses.fields(DjangoTask)}
)
"""The names of what a task of ours can declare and Django's cannot."""
