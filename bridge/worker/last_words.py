"""An outcome as bytes: what a child leaves of a task that ended and is not stored yet."""

from __future__ import annotations

import json

from bridge.interface import TaskError
from bridge.ledger import ending
from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded

_SUCCEEDED = b"S"


def pack(outcome: Outcome) -> bytes:
    """Return an outcome as bytes."""
    match outcome:
        case Succeeded(value=None):
            return _SUCCEEDED
        case Succeeded(value=value):
            return _SUCCEEDED + json.dumps(value).encode()
        case Failed(error=error):
            return json.dumps([None, error.exception_class_path, error.traceback]).encode()
        case RetryLater(error=error, delay=delay):
            return json.dumps([delay, error.exception_class_path, error.traceback]).encode()


def unpack(row: TaskRow, words: bytes) -> Ending:
    """Return how the claim of a row ends whose attempt left these words."""
    if words.startswith(_SUCCEEDED):
        return ending.succeed(row, json.loads(words[1:] or b"null"))
    delay, path, traceback = json.loads(words)
    error = TaskError(exception_class_path=path, traceback=traceback)
    if delay is None:
        return ending.fail(row, error)
    return ending.retry_later(row, error, delay)
