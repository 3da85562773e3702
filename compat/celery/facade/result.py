"""`AsyncResult`, on the results of Django's Tasks API."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from bridge.backends.ledger import LedgerBackend
from bridge.interface import TaskResultDoesNotExist, TaskResultStatus, task_backends
from bridge.result import result_like
from compat.celery.facade import states
from compat.celery.facade.exceptions import TaskFailed, TaskRevokedError, TimeoutError  # noqa: A004
from compat.celery.facade.request import innermost


class AsyncResult:
    """What is known of an enqueued call, in Celery's words. An unknown id is PENDING for ever."""

    def __init__(self, id: str, **ignored: Any) -> None:  # noqa: A002
        self.id = str(id)
        self._known: Any = None

    @classmethod
    def of(cls, result: Any) -> AsyncResult:
        """Return the result of a call that has just been enqueued."""
        made = cls(result.id)
        made._known = result
        return made

    @property
    def task_id(self) -> str:
        """Return the id."""
        return self.id

    @property
    def task_result(self) -> Any:
        """Return the TaskResult as it is now, None for an id that nobody knows."""
        known = self._known
        if known is not None and known.id != self.id:
            self.id = known.id  # what waited for a commit has got its id
        if known is not None and known.status in _FINISHED:
            return known
        found = self._find()
        if found is not None:
            self._known = found
        return self._known

    @property
    def state(self) -> str:
        """Return PENDING, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, or what the task has said."""
        result = self.task_result
        return states.PENDING if result is None else states.state_of(result)

    @property
    def status(self) -> str:
        """Return the state."""
        return self.state

    @property
    def result(self) -> Any:
        """Return what the task returned or raised; while it runs, what it has said."""
        found = self.task_result
        if found is None:
            return None
        if found.status == TaskResultStatus.SUCCESSFUL:
            return found.return_value
        if found.status == TaskResultStatus.FAILED:
            return _exception(found)
        said = states.said_by(found)
        return said[1] if said is not None else None

    @property
    def info(self) -> Any:
        """Return the result."""
        return self.result

    @property
    def traceback(self) -> str | None:
        """Return the traceback of what failed the task."""
        found = self.task_result
        if found is None or found.status != TaskResultStatus.FAILED or not found.errors:
            return None
        return str(found.errors[-1].traceback)

    @property
    def date_done(self) -> datetime | None:
        """Return when it finished."""
        found = self.task_result
        return found.finished_at if found is not None else None

    @property
    def name(self) -> str | None:
        """Return the name of the task."""
        found = self.task_result
        return getattr(found.task, "name", found.task.module_path) if found is not None else None

    def ready(self) -> bool:
        """Say whether it has finished."""
        return self.state in states.READY_STATES

    def successful(self) -> bool:
        """Say whether it has returned."""
        return self.state == states.SUCCESS

    def failed(self) -> bool:
        """Say whether it has failed."""
        return self.state == states.FAILURE

    def get(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        callback: Callable[[str, Any], Any] | None = None,
        disable_sync_subtasks: bool = True,
    ) -> Any:
        """Wait for the task and return what it returns, or raise what it raises.

        Raise TimeoutError after `timeout` seconds, and RuntimeError inside another task, which
        would hold its worker while it waits.
        """
        _refuse_inside(disable_sync_subtasks, self)
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.ready():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(f"The task {self.id} has not finished in {timeout} seconds.")
            time.sleep(interval if left is None else min(interval, left))
        value = self.result
        if propagate and self.state != states.SUCCESS:
            raise value
        if callback is not None:
            callback(self.id, value)
        return value

    def wait(self, timeout: float | None = None, **options: Any) -> Any:
        """Do as get() does."""
        return self.get(timeout, **options)

    def maybe_throw(self, propagate: bool = True) -> Any:
        """Raise what failed the task, if it has failed; return the result."""
        value = self.result
        if propagate and self.state in states.READY_STATES - {states.SUCCESS}:
            raise value
        return value

    def revoke(
        self,
        connection: Any = None,
        terminate: bool = False,
        signal: Any = None,
        wait: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Let the task never start; one that runs is asked to stop, and killed by nobody."""
        found = self.task_result
        if found is not None and found.status not in _FINISHED:
            result_like(found).cancel()
            self._known = None

    def forget(self) -> None:
        """Delete a finished result."""
        found = self.task_result
        if found is None:
            return
        backend: Any = task_backends[found.backend]
        if isinstance(backend, LedgerBackend):
            backend.store.tasks.filter(id=found.id, status__in=_FINISHED).delete()
        self._known = None

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.id}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AsyncResult):
            return other.id == self.id
        return other == self.id if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        return AsyncResult, (self.id,)

    def _find(self) -> Any:
        known = self._known
        aliases = list(task_backends.settings) if known is None else [known.backend]
        for alias in aliases:
            backend = task_backends[alias]
            if backend.supports_get_result:
                with suppress(TaskResultDoesNotExist, ValidationError):
                    return backend.get_result(self.id)
        return None


_FINISHED = frozenset({TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED})


def _exception(result: Any) -> BaseException:
    found = result_like(result).exception
    if states.state_of(result) == states.REVOKED:
        return TaskRevokedError(str(found or "revoked"))
    if found is not None:
        return found
    last = result.errors[-1] if result.errors else None
    return TaskFailed(last.traceback if last is not None else f"The task {result.id} failed.")


def _refuse_inside(refuse: bool, result: AsyncResult) -> None:
    request = innermost()
    if refuse and request is not None and not request.called_directly and not request.is_eager:
        raise RuntimeError(
            f"A task waits for {result!r} and holds its worker meanwhile, which can go on for "
            "ever. Name what comes next with link=, or give disable_sync_subtasks=False."
        )
