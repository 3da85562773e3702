"""How large a message is, and whether that is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from kombu.compression import compress
from kombu.exceptions import EncodeError
from kombu.serialization import dumps

from bridge.exceptions import PayloadTooLarge

if TYPE_CHECKING:
    from celery import Celery

    from bridge.ledger.models import TaskRow

PRECONDITION_FAILED = 406
"""The reply code of AMQP with which RabbitMQ refuses what is over its max_message_size."""
NOTHING_FOLLOWS = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
"""The third part of a body, of a task that is in no canvas."""


def refuse_large(app: Celery, row: TaskRow, limit: int) -> None:
    """Raise PayloadTooLarge for a row whose message would be too large."""
    body = (row.args, row.kwargs, NOTHING_FOLLOWS)
    try:
        data = dumps(body, serializer=app.conf.task_serializer)[2]
    except EncodeError:
        return  # whoever sends it says what is wrong
    size = _bytes(data)
    if size > limit and app.conf.task_compression:
        size = len(compress(data, app.conf.task_compression)[0])
    if size > limit:
        refuse(row.task_path, size, limit)


def refuse(name: Any, size: int, limit: int | str) -> NoReturn:
    """Raise PayloadTooLarge; the limit is OPTIONS["MAX_PAYLOAD"], or what the broker says."""
    whose = "a task" if name is None else f"{name!r}"
    rule = (
        f"MAX_PAYLOAD is {limit}" if isinstance(limit, int) else f"the broker refused it: {limit}"
    )
    raise PayloadTooLarge(
        f"The message of {whose} has {size} bytes, and {rule}. Store the data elsewhere and give "
        "the task its key, or raise MAX_PAYLOAD as far as the broker allows."
    )


def _bytes(data: Any) -> int:
    if isinstance(data, str):
        return len(data) if data.isascii() else len(data.encode())
    return len(data)
