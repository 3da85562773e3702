"""What may cross a process boundary: JSON that every supported database can store."""

from __future__ import annotations

import json
import re
from typing import Any

from bridge import typed_json
from bridge.exceptions import UnstorableValue
from bridge.interface import InvalidTaskBackend, normalize_json, task_backends

# \u0000 is the escape of NUL unless its backslash is itself escaped.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

_encode = json.JSONEncoder(allow_nan=False).encode


def is_typed(alias: str) -> bool:
    """Say whether the values of a backend's tasks may be of the types of typed_json."""
    try:
        return bool(getattr(task_backends[alias], "typed_json", False))
    except InvalidTaskBackend:
        return False  # a row of an alias that is gone


def to_text(value: Any, *, typed: bool = False) -> str:
    """Return value as JSON, the text Django's JSONField would write.

    With `typed` dates, decimals, UUIDs and bytes are marked. Raise TypeError for a type JSON does
    not have, UnstorableValue for NaN, infinity, NUL and lone surrogates.
    """
    try:
        text = typed_json.encode(value) if typed else _encoded(value)
        # Only an escape can stand for what a database refuses.
        if "\\u" in text:
            json.dumps(json.loads(text), ensure_ascii=False).encode()
    except ValueError as error:
        raise UnstorableValue(
            f"A task value must be JSON a database can store; got {value!r:.200}. "
            "Send NaN and infinity as None or as text, and no lone surrogates."
        ) from error
    if "\\u0000" in text and NUL.search(text):
        raise UnstorableValue(
            f"A task value must not contain NUL characters; got {value!r:.200}. Remove them first."
        )
    return text


def storable(value: Any, *, typed: bool = False) -> Any:
    """Return value as plain JSON types, as a worker will read it; raise what to_text() raises."""
    if value is None:
        return None  # what most tasks return
    return json.loads(to_text(value, typed=typed))


def _encoded(value: Any) -> str:
    try:
        return _encode(value)
    except TypeError:
        # Bytes, and sequences and mappings of other types, are JSON to the Tasks API.
        return _encode(normalize_json(value))
