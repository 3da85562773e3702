"""The end of a chord: a task that enqueues the body when all of the header have returned."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from bridge.backends.ledger import LedgerBackend
from bridge.batches import get_batch
from bridge.decorator import task
from bridge.interface import DEFAULT_TASK_QUEUE_NAME, TaskResultStatus, task_backends
from compat.celery.facade.chain import chain
from compat.celery.facade.exceptions import ChordError
from compat.celery.facade.signature import Signature


def _place() -> dict[str, Any]:
    for backend in task_backends.all():
        if isinstance(backend, LedgerBackend):
            queues = sorted(backend.queues)
            listed = not queues or DEFAULT_TASK_QUEUE_NAME in queues
            queue = DEFAULT_TASK_QUEUE_NAME if listed else queues[0]
            return {"backend": backend.alias, "queue_name": queue}
    raise ImproperlyConfigured(
        "A chord needs a backend that keeps tasks in the database. Add one to TASKS."
    )


@task(**_place(), transactional=True, on_lost="retry")
def end_chord(batch_id: str, body: list[dict[str, Any]]) -> None:
    """Enqueue the body with what the calls returned, in their order.

    Raise ChordError when one of them has not.
    """
    batch = get_batch(batch_id)
    results = list(batch.results())
    for result in results:
        if result.status != TaskResultStatus.SUCCESSFUL:
            raise ChordError(f"The task {result.id} of the chord's header did not succeed.")
    if len(results) != batch.total:
        raise ChordError("Results of the chord's header were deleted before its end.")
    values = [result.return_value for result in results]
    chain(*map(Signature.from_json, body)).clone((values,)).apply_async()
