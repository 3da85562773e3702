"""What Celery's result backend says of a task, in our terms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery.utils.serialization import UnpickleableExceptionWrapper

from compat.celery.wire import plain


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
