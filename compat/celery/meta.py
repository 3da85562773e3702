"""What Celery's result backend says of a task, in our terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from celery import states
from celery.utils.serialization import UnpickleableExceptionWrapper

from compat.celery.wire import plain

UNKNOWN_NAME = "celery.exceptions.NotRegistered"


def moment(value: Any) -> datetime | None:
    """Return a date_done as an aware moment; without an offset it is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def shown(value: Any) -> Any:
    """Return a value as a result can hold it: as JSON, or the beginning of its repr."""
    try:
        return plain(value)
    except (TypeError, ValueError):
        return repr(value)[:1000]


def class_path(error: Any) -> str:
    """Return the path of the class of a stored exception, which may be unknown here."""
    if isinstance(error, dict) and "exc_type" in error:
        return f"{error.get('exc_module') or 'builtins'}.{error['exc_type']}"
    if isinstance(error, UnpickleableExceptionWrapper):
        return f"{error.exc_module}.{error.exc_cls_name}"
    kind = type(error) if isinstance(error, BaseException) else Exception
    return f"{kind.__module__}.{kind.__qualname__}"


def message(error: Any) -> str:
    """Return what a stored exception says."""
    if not isinstance(error, dict):
        return str(error)
    said = error.get("exc_message")
    return " ".join(map(str, said)) if isinstance(said, (list, tuple)) else str(said)


def has_begun(meta: Mapping[str, Any]) -> bool:
    """Say whether a worker had begun the attempt whose end is stored, and did not drop it."""
    error = meta.get("result")
    if meta["status"] == states.REVOKED:
        return message(error) == "terminated"
    return meta["status"] != states.FAILURE or class_path(error) != UNKNOWN_NAME
