"""Tasks that were enqueued together: how many have finished, and what they returned."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from asgiref.sync import sync_to_async

from bridge.exceptions import BatchDoesNotExist
from bridge.hooks import Hook, HookLike, Hooks, hooks_of
from bridge.ids import new_id
from bridge.interface import InvalidTask, TaskResultStatus, task_backends
from bridge.result import AnyResult
from bridge.results import Results, results_of

if TYPE_CHECKING:
    from bridge.ledger.models import BatchRow


@dataclass(slots=True, kw_only=True)
class Batch:
    """What is known of a batch; refresh() reads it anew."""

    id: str
    total: int
    pending: int
    failed: int
    created_at: datetime
    finished_at: datetime | None
    database: str

    @property
    def succeeded(self) -> int:
        """Return how many tasks have finished and did not fail."""
        return self.total - self.pending - self.failed

    @property
    def is_finished(self) -> bool:
        """Say whether no task of it was left at some time; it stays so."""
        return self.finished_at is not None

    def refresh(self) -> None:
        """Read everything that can change anew. Raise BatchDoesNotExist when it was pruned."""
        row = _find(self.id, self.database)
        if row is None:
            raise BatchDoesNotExist(self.id)
        for name in ("pending", "failed", "finished_at"):
            setattr(self, name, getattr(row, name))

    async def arefresh(self) -> None:
        """Do as refresh() does."""
        await sync_to_async(self.refresh, thread_sensitive=True)()

    def results(self, status: TaskResultStatus | str | None = None) -> Iterator[AnyResult]:
        """Yield the results of its tasks in the order of their ids, or those of one status.

        They are read bit by bit. Raise TaskNotFound for a task that is gone from the code.
        """
        from bridge.ledger.models import TaskRow

        rows = TaskRow.objects.using(self.database).filter(batch_id=self.id).order_by("id")
        if status is not None:
            rows = rows.filter(status=status)
        for row in rows.iterator():
            backend: Any = task_backends[row.backend]
            yield backend.result_of(row)


def get_batch(batch_id: str) -> Batch:
    """Return a batch by id, from whichever ledger has it. Raise BatchDoesNotExist."""
    for database in _databases():
        if (row := _find(batch_id, database)) is not None:
            return Batch(
                id=str(row.id),
                database=database,
                **{
                    name: getattr(row, name)
                    for name in ("total", "pending", "failed", "created_at", "finished_at")
                },
            )
    raise BatchDoesNotExist(batch_id)


async def aget_batch(batch_id: str) -> Batch:
    """Do as get_batch() does."""
    return await sync_to_async(get_batch, thread_sensitive=True)(batch_id)


def enqueue_batch(
    calls: Iterable[HookLike], *, on_complete: HookLike | Sequence[HookLike] | None = None
) -> Results[..., Any]:
    """Enqueue calls of different tasks as one batch, all of them or none.

    A call is what a task's hook() returned, or a task alone, which is called without arguments.
    Raise InvalidTask for tasks that are not in one ledger.
    """
    parts = [_call_of(call) for call in calls]
    hooks = hooks_of(on_complete, "on_complete")
    backends = [_backend_of(part) for part in parts]
    home: Any = next(iter([*backends, *(_backend_of(hook) for hook in hooks)]), None)
    home = home or task_backends["default"]
    homes = {_database_of(backend) for backend in backends or [home]}
    if len(homes) > 1:
        aliases = sorted({part.task.backend for part in parts})
        raise InvalidTask(
            f"The tasks of a batch are kept in one database; those of TASKS {aliases} are not. "
            "Choose other backends with using(backend=...), or make a batch of each."
        )
    for part, backend in zip(parts, backends, strict=True):
        backend.validate_task(part.task)
    if homes == {None}:
        return _one_by_one(home, parts, hooks)
    return _together(home, parts, hooks)


async def aenqueue_batch(
    calls: Iterable[HookLike], *, on_complete: HookLike | Sequence[HookLike] | None = None
) -> Results[..., Any]:
    """Do as enqueue_batch() does; the calls are read in another thread."""
    enqueue = sync_to_async(enqueue_batch, thread_sensitive=True)
    return await enqueue(calls, on_complete=on_complete)


def _call_of(call: HookLike) -> Hook:
    (hook,) = hooks_of(call, "A call of a batch")
    if hook is not call:
        return dataclasses.replace(hook, args=())
    if hook.delay is None:
        return hook
    task = hook.task.using(run_after=timedelta(seconds=hook.delay))
    return dataclasses.replace(hook, task=task, delay=None)


def _together(home: Any, parts: Sequence[Hook], hooks: Hooks) -> Results[..., Any]:
    from bridge.backends.many import write_many
    from bridge.ledger.results import to_result

    batch = home.new_batch(hooks)
    drafts = (_backend_of(part).draft(part.task, part.args, part.kwargs) for part in parts)
    written = write_many(home.store, drafts, batch, notify=not home.pooled)
    if written.new:
        home.follow_ups.dispatch(written.new)
    return Results(
        [row.id for row in written.rows],
        lambda index: to_result(written.rows[index], parts[index].task),
        batch_id=str(batch.id),
    )


def _one_by_one(home: Any, parts: Sequence[Hook], hooks: Hooks) -> Results[..., Any]:
    batch_id = str(new_id())
    made = [
        _backend_of(part).enqueue_call(part.task, part.args, part.kwargs, batch_id=batch_id)
        for part in parts
    ]
    home.complete(batch_id, made, hooks)
    return results_of(made, batch_id)


def _backend_of(hook: Hook) -> Any:
    return hook.task.get_backend()


def _database_of(backend: Any) -> str | None:
    return backend.database if getattr(backend, "transport", "") else None


def _databases() -> list[str]:
    known = [_database_of(backend) for backend in task_backends.all()]
    return list(dict.fromkeys(database for database in known if database is not None))


def _find(batch_id: str, database: str) -> BatchRow | None:
    from bridge.ledger.models import BatchRow

    try:
        return BatchRow.objects.using(database).filter(id=UUID(str(batch_id))).first()
    except ValueError:
        return None
