"""What may cross a process boundary: JSON that every supported database can store."""

from __future__ import annotations

import json
import re
from typing import Any

from bridge.exceptions import UnstorableValue
from bridge.interface import normalize_json

# \u0000 is the escape of NUL unless its backslash is itself escaped.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def storable(value: Any) -> Any:
    """Return value as plain JSON types.

    Raise TypeError for a type JSON does not have, UnstorableValue for NaN, infinity, NUL and
    lone surrogates.
    """
    normal = normalize_json(value)
    try:
        text = json.dumps(normal, allow_nan=False, ensure_ascii=False)
        text.encode()
    except ValueError as error:
        raise UnstorableValue(
            f"A task value must be JSON a database can store; got {value!r:.200}. "
            "Send NaN and infinity as None or as text, and no lone surrogates."
        ) from error
    if NUL.search(text):
        raise UnstorableValue(
            f"A task value must not contain NUL characters; got {value!r:.200}. Remove them first."
        )
    return normal
