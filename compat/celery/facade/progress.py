"""`self.update_state(...)`, as the progress of a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bridge.progress import NOTE_LENGTH
from compat.celery.facade.request import Request

DONE = ("current", "done", "progress", "processed", "completed")
"""The keys of meta that say how much is done."""
OWN_STATES = frozenset(
    {"PENDING", "RECEIVED", "STARTED", "SUCCESS", "FAILURE", "REVOKED", "RETRY", "REJECTED"}
)


def report(
    request: Request, task_id: str | None, state: str | None, meta: Mapping[str, Any] | None
) -> None:
    """Keep a state and its meta. Raise NotImplementedError for Celery's own states.

    Raise ValueError when they are longer than a progress can be.
    """
    if task_id not in (None, request.id):
        raise NotImplementedError("A task can say how far it is itself, not how far others are.")
    if state is None or state in OWN_STATES:
        raise NotImplementedError(
            f"The state {state!r} follows from what the task does: it returns, raises, or calls "
            "self.retry(). Only states of its own, 'PROGRESS' for example, can be set."
        )
    if request.context is None:
        return  # called directly: nobody could see it
    values = dict(meta or {})
    note = f"{state} {json.dumps(values, separators=(',', ':'))}"
    if len(note) > NOTE_LENGTH:
        raise ValueError(
            f"A state and its meta have {NOTE_LENGTH} characters at most, not {len(note)}. Keep "
            "what is longer in a model."
        )
    done = next((values[name] for name in DONE if _is_number(values.get(name))), 0)
    total = values.get("total")
    request.context.progress(done, total if _is_number(total) else None, note)


def read(note: str) -> tuple[str, Any] | None:
    """Return the state and meta in the note of a progress, None where it is another note."""
    state, found, meta = note.partition(" ")
    if not found:
        return None
    try:
        return state, json.loads(meta)
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
