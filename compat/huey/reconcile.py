"""Learn from Huey's results what consumers without a ledger have done."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from huey.constants import EmptyData
from huey.utils import Error

from bridge.interface import TaskError
from bridge.ledger.messages import UNRECORDED
from bridge.ledger.models import FAILED, SUCCESSFUL, TaskRow
from bridge.ledger.results import to_json
from bridge.values import storable

if TYPE_CHECKING:
    from compat.huey.backend import HueyBackend

logger = logging.getLogger("bridge.huey")

_NAME = re.compile(r"(\w+)\(")


def reconcile(backend: HueyBackend, row: TaskRow) -> TaskRow:
    """Settle a READY row whose task a consumer of the old code has finished, and return the row.

    The result stays where it is, for whoever of the old code waits for it.
    """
    huey = backend.hueys.of(row.queue_name)
    if not huey.results:
        return row
    try:
        data = huey.get_raw(str(row.id), peek=True)
        if data is EmptyData:
            return row
        found = huey.serializer.deserialize(data)
    except Exception as error:  # noqa: BLE001
        # Every storage has its own errors, and a result may still be read without it.
        logger.warning("task=%s Huey's result cannot be read: %r", row.id, error)
        return row
    if isinstance(found, Error) and found.metadata.get("retries"):
        return row  # another attempt follows
    # The token grows: of a task that is requeued after this the result will be of no use.
    backend.store.messages.settle(row, token=row.token + 1, **_facts(row, found, timezone.now()))
    return backend.store.tasks.get(id=row.id)


def class_path(error: str, traceback: str) -> str:
    """Return the path of an exception, from its repr() and the traceback that ends with it."""
    if match := _NAME.match(error):
        last = rf"^((?:[\w.]+\.)?{match[1]})(?::|$)"
        if paths := re.findall(last, traceback, re.MULTILINE):
            return paths[-1] if "." in paths[-1] else f"builtins.{paths[-1]}"
    return "builtins.Exception"


def _facts(row: TaskRow, found: Any, now: datetime) -> dict[str, Any]:
    # Huey notes neither when nor where: it has ended when it is seen to have.
    facts: dict[str, Any] = {
        "finished_at": now,
        "worker_ids": [*row.worker_ids, UNRECORDED],
    }
    if not isinstance(found, Error):
        return {**facts, "status": SUCCESSFUL, "return_value": _value(found)}
    traceback = found.metadata.get("traceback") or ""
    path = class_path(str(found.metadata.get("error")), traceback)
    error = TaskError(exception_class_path=path, traceback=traceback)
    return {**facts, "status": FAILED, "errors": [*row.errors, to_json(error)]}


def _value(value: Any) -> Any:
    try:
        return storable(value)
    except (TypeError, ValueError):
        return repr(value)[:1000]
