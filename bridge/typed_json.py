"""JSON that keeps dates, decimals, UUIDs and bytes, marked as in Celery's messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

TYPE, VALUE = "__type__", "__value__"
"""The keys of a mark, from kombu.utils.json (kombu 5.3 and later)."""

_MARK = {TYPE, VALUE}

# A datetime is a date too, so it comes first.
_WRITERS: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (datetime, "datetime", datetime.isoformat),
    (date, "date", date.isoformat),
    (time, "time", time.isoformat),
    (Decimal, "decimal", str),
    (UUID, "uuid", lambda value: {"hex": value.hex}),
)

_READERS: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": lambda text: datetime.fromisoformat(text).date(),
    "time": time.fromisoformat,
    "decimal": Decimal,
    "uuid": lambda fields: UUID(**fields),
    "bytes": lambda text: text.encode(),
    "base64": base64.b64decode,
}


def _default(value: Any) -> Any:
    for kind, name, write in _WRITERS:
        if isinstance(value, kind):
            return {TYPE: name, VALUE: write(value)}
    if isinstance(value, bytes):
        try:
            return {TYPE: "bytes", VALUE: value.decode()}
        except UnicodeDecodeError:
            return {TYPE: "base64", VALUE: base64.b64encode(value).decode()}
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(
        f"{value!r:.200} is neither JSON nor a date, time, Decimal, UUID or bytes. Send what it "
        "can be made from, such as the primary key of a model."
    )


encode = json.JSONEncoder(allow_nan=False, default=_default).encode
"""Return a value as text. Raise TypeError for a type that has no mark."""


def revive(value: Any) -> Any:
    """Return plain JSON with what the marks in it stand for; an unknown mark is left as it is."""
    if isinstance(value, list):
        return [revive(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == _MARK and isinstance(value[TYPE], str) and value[TYPE] in _READERS:
        try:
            return _READERS[value[TYPE]](value[VALUE])
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            return value  # a dict of the caller's that looks like one
    return {name: revive(each) for name, each in value.items()}
