"""READY -> RUNNING for rows under limits: they wait in lanes, and never more start than may."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.utils import timezone

from bridge.ledger.entrance import Entrance, Holder, Shut
from bridge.ledger.models import LimitRow, TaskRow
from bridge.ledger.vendors.verbs import Claim, Survey, Vendor

MOST = 32
"""How many lanes one visit asks."""

DELAY = 0.05
"""Seconds from a claim by which a task under a rate starts, where nobody says better."""

Cursors = Callable[[], AbstractContextManager[CursorWrapper]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What came of asking some lanes; those in none of the sets may have more rows to take.

    `start_by` has the rows that count as started under a rate: each starts before its time, in
    seconds of time.monotonic(), or not at all.
    """

    rows: list[TaskRow]
    shut: dict[str, Shut]
    busy: frozenset[str]
    empty: frozenset[str]
    asked_at: float
    start_by: dict[UUID, float]


class _NewLimits(Exception):
    """Some limits have no row yet."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(*keys)
        self.keys = keys


class Lanes:
    """The lanes of one ledger. `cursors` opens a cursor, `atomic` one in a transaction."""

    def __init__(self, vendor: Vendor, cursors: Cursors, atomic: Cursors) -> None:
        self._vendor = vendor
        self._cursors = cursors
        self._atomic = atomic

    def survey(self, transport: str, after: str = "") -> Survey:
        """Read the first rows of the lanes that come after one, a bounded number of them."""
        with self._cursors() as cursor:
            return self._vendor.survey(cursor, transport, after)

    def visit(self, claim: Claim, lanes: Sequence[str], delay: float = DELAY) -> Visit:
        """Claim from up to MOST lanes as many rows as their limits allow; nothing is waited for.

        A task under a rate has `delay` seconds to start, or a hundredth of the rate's period.
        """
        while True:
            try:
                with self._atomic() as cursor:
                    return self._visit(cursor, claim, lanes, delay)
            except _NewLimits as new:
                # In a commit of its own: whoever holds limits writes no new ones, and so never
                # waits for another who does the same.
                with self._cursors() as cursor:
                    _create(cursor, new.keys)

    def claim(self, claim: Claim) -> list[TaskRow]:
        """Claim from one lane after the other; no queues means all of them."""
        rows: list[TaskRow] = []
        after: str | None = ""
        while after is not None and len(rows) < claim.limit:
            survey = self.survey(claim.transport, after)
            after = survey.after
            heads = sorted(survey.heads, key=lambda head: (-head.priority, head.id))
            lanes = [each.lane for each in heads if each.queue in (claim.queues or [each.queue])]
            while lanes and len(rows) < claim.limit:
                asked = lanes[:MOST]
                visit = self.visit(replace(claim, limit=claim.limit - len(rows)), asked)
                rows += visit.rows
                done = visit.busy | visit.empty | visit.shut.keys()
                lanes[:MOST] = [lane for lane in asked if visit.rows and lane not in done]
        return rows

    def _visit(
        self, cursor: CursorWrapper, claim: Claim, lanes: Sequence[str], delay: float
    ) -> Visit:
        # Twice as many as are wanted: some of the lanes may be shut.
        most = min(claim.limit, max(2, 2 * claim.limit // len(lanes)))
        waiting = self._vendor.waiting(cursor, claim.transport, lanes, most)
        keys = sorted({limit[0] for row in waiting for limit in (row.limits or {}).values()})
        asked_at = time.monotonic()
        limits = self._vendor.hold(cursor, keys) if keys else {}
        if new := _missing(cursor, [key for key in keys if key not in limits]):
            raise _NewLimits(new)
        entrance = Entrance(limits, round(delay * 1_000_000))
        if holders := entrance.holders(waiting):
            entrance.running = _running(cursor, holders)
        choice = entrance.choose(waiting, claim.limit)
        ids = [row.id for row in choice.rows]
        rows = self._vendor.take(cursor, claim, ids) if ids else []
        for key, state, seconds in entrance.enter(rows):
            _save(cursor, key, state, seconds)
        taken = {row.id for row in rows}
        read = Counter(row.lane for row in waiting)
        done = Counter(row.lane for row in rows)
        return Visit(
            rows=rows,
            shut=choice.shut,
            busy=frozenset(
                choice.busy | {row.lane for row in choice.rows if row.lane and row.id not in taken}
            ),
            empty=frozenset(each for each in lanes if done[each] == read[each] < most),
            asked_at=asked_at,
            # The rest is for what happens between the last look at a clock and the first line.
            start_by={id_: asked_at + delay / 3 for id_, delay in entrance.delays(rows).items()},
        )


def _running(cursor: CursorWrapper, holders: Iterable[Holder]) -> frozenset[Holder]:
    """Return those whose claims are still valid."""
    field = TaskRow._meta.pk
    ids = [field.get_db_prep_value(id_, cursor.db) for id_, _ in holders]
    places = ", ".join(["%s"] * len(ids))
    cursor.execute(
        f"SELECT id, token FROM bridge_task WHERE id IN ({places}) AND status = 'RUNNING'", ids
    )
    return frozenset((UUID(str(id_)), token) for id_, token in cursor.fetchall())


def _save(cursor: CursorWrapper, key: str, state: object, seconds: float) -> None:
    # By the hour: an index that stays as it is makes the row cheaper to write. What matters for
    # some time is touched at the end of it.
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    touched_at = cursor.db.ops.adapt_datetimefield_value(now + timedelta(seconds=seconds))
    name = cursor.db.ops.quote_name("key")
    text = json.dumps(state, separators=(",", ":"))
    cursor.execute(
        f"UPDATE bridge_limit SET state = %s, touched_at = %s WHERE {name} = %s",
        [text, touched_at, key],
    )


def _missing(cursor: CursorWrapper, keys: Sequence[str]) -> list[str]:
    """Return the limits of these that nobody has ever asked for."""
    if not keys:
        return []
    name = cursor.db.ops.quote_name("key")
    places = ", ".join(["%s"] * len(keys))
    cursor.execute(f"SELECT {name} FROM bridge_limit WHERE {name} IN ({places})", list(keys))
    known = {key for (key,) in cursor.fetchall()}
    return [key for key in keys if key not in known]


def _create(cursor: CursorWrapper, keys: Sequence[str]) -> None:
    # In one order everywhere: two that write the same keys wait for one another.
    rows: list[Model] = [
        LimitRow(key=key, state=[], touched_at=timezone.now()) for key in sorted(keys)
    ]
    query = InsertQuery(LimitRow, on_conflict=OnConflict.IGNORE)
    query.insert_values(LimitRow._meta.concrete_fields, rows, raw=False)
    statements: list[tuple[str, Sequence[Any]]]
    statements = query.get_compiler(connection=cursor.db).as_sql()
    for sql, parameters in statements:
        cursor.execute(sql, parameters)
