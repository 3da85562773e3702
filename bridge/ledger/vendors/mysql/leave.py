"""Out of RUNNING on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DataError, OperationalError
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.ledger.ending import Ending
from bridge.ledger.vendors.mysql.cases import KEEP, Cases
from bridge.ledger.vendors.mysql.clock import CLOCK, localized
from bridge.ledger.vendors.mysql.keys import MOST, keys
from bridge.ledger.vendors.mysql.packet import refuse_what_is_too_large
from bridge.ledger.vendors.verbs import Left

HOLD = f"""
    SELECT {CLOCK}, id, worker, token, cancel_requested_at FROM bridge_task FORCE INDEX (PRIMARY)
    WHERE id IN ({{ids}}) AND status = 'RUNNING'
    FOR UPDATE"""

HOLD_FREE = f"{HOLD} SKIP LOCKED"

LEAVE = "UPDATE bridge_task FORCE INDEX (PRIMARY) SET {changes} WHERE id IN ({ids})"

MOST_TEXT = 1 << 20
"""No statement has many more characters of results and errors."""

UNSTORABLE = {
    1153: "larger than max_allowed_packet",
    3140: "not JSON to MySQL",
    3157: "nested too deeply for MySQL",
}
"""What the server reports as an error of its own and is one of the value's."""


def leave(cursor: CursorWrapper, endings: Sequence[Ending], *, skip_locked: bool = False) -> Left:
    """Lock the claims that are still valid, then write their endings; two statements."""
    left: set[UUID] = set()
    at = timezone.now()
    for chunk in _chunked(endings):
        valid, asked, at = _hold(cursor, chunk, at, HOLD_FREE if skip_locked else HOLD)
        if valid:
            _write(cursor, valid, asked, at)
        left.update(ending.id for ending in valid)
    return Left(frozenset(left), at)


def _chunked(endings: Sequence[Ending]) -> Iterator[list[Ending]]:
    # In one order everywhere: two that want to lock the same rows must not want them crosswise.
    chunk: list[Ending] = []
    size = 0
    for ending in sorted(endings, key=lambda ending: ending.id):
        chunk.append(ending)
        size += sum(map(len, _texts([ending])))
        if len(chunk) == MOST or size >= MOST_TEXT:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _hold(
    cursor: CursorWrapper, endings: list[Ending], at: datetime, hold: str
) -> tuple[list[Ending], set[UUID], datetime]:
    """Return the endings whose claims are valid, which they then stay, and the time.

    In between: which tasks somebody has asked to stop.
    """
    places, ids = keys(ending.id for ending in endings)
    cursor.execute(hold.format(ids=places), ids)
    records = cursor.fetchall()
    if not records:
        return [], set(), at
    claims = {(UUID(key), worker, token) for _, key, worker, token, _ in records}
    asked = {UUID(key) for _, key, _, _, asked_at in records if asked_at is not None}
    valid = [each for each in endings if (each.id, each.worker, each.token) in claims]
    return valid, asked, localized(records[0][0])


def _write(cursor: CursorWrapper, endings: list[Ending], asked: set[UUID], at: datetime) -> None:
    adapt = cursor.db.ops.adapt_datetimefield_value
    stored = adapt(at)
    again = {
        each.id: adapt(at + timedelta(seconds=each.delay))
        for each in endings
        if each.delay is not None
    }
    cases = Cases(endings)
    cases.set("status", lambda each: each.status.value)
    cases.set("worker", lambda each: None)
    cases.set("return_value", lambda each: each.value)
    cases.set("losses", lambda each: each.losses)
    cases.set("started_at", lambda each: adapt(each.started_at))
    cases.set("last_attempted_at", lambda each: adapt(each.last_attempted_at))
    cases.set("finished_at", lambda each: stored if each.final else None)
    waiting = {each.id for each in endings if (each.delay or 0) > 0} - asked
    cases.set("wake_at", lambda each: again[each.id] if each.id in waiting else None)
    cases.set("progress", _progress)
    cases.set("run_after", lambda each: again.get(each.id, KEEP))
    cases.set("errors", lambda each: KEEP if each.errors is None else each.errors)
    cases.set("worker_ids", lambda each: KEEP if each.worker_ids is None else each.worker_ids)
    cases.set("published_at", lambda each: None if each.spent else KEEP)
    if sum(map(len, _texts(endings))) >= MOST_TEXT:
        refuse_what_is_too_large(cursor, _texts(endings), "The result or error of a task is")
    places, ids = keys(each.id for each in endings)
    try:
        cursor.execute(LEAVE.format(changes=cases.sql, ids=places), [*cases.parameters, *ids])
    except OperationalError as error:
        _explain(error)
        raise


def _progress(ending: Ending) -> Any:
    if not ending.final:
        return None
    return KEEP if ending.progress is None else ending.progress


def _texts(endings: Sequence[Ending]) -> Iterator[str]:
    return (t for e in endings for t in (e.value, e.errors, e.worker_ids) if t is not None)


def _explain(error: OperationalError) -> None:
    code = error.args[0] if error.args else None
    if code in UNSTORABLE:
        raise DataError(f"The result or error of a task is {UNSTORABLE[code]}.") from error
