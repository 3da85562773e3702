"""Who of those that wait in lanes may start, once their limits are locked. It reads no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from bridge.ledger.models import TaskRow
from bridge.ledger.rates import Rate
from bridge.ledger.vendors.verbs import Limit

MICRO = 1_000_000
Holder = tuple[UUID, int]
"""A claim that holds one of the places under a concurrency limit: the row, and its token."""


@dataclass(frozen=True, slots=True)
class Shut:
    """The limit that keeps a lane waiting, and for how many seconds.

    None: until a task that runs under it has ended.
    """

    key: str
    seconds: float | None


@dataclass(slots=True)
class Choice:
    """The rows that may start; the lanes in which a limit is reached; those that others hold."""

    rows: list[TaskRow] = field(default_factory=list)
    shut: dict[str, Shut] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)


class Entrance:
    """The locked limits. A start may happen `delay` microseconds after it was allowed, or more."""

    def __init__(self, limits: Mapping[str, Limit], delay: int) -> None:
        self._limits = limits
        self._delay = delay
        self._chosen: Counter[str] = Counter()
        # Of the holders, those whose claims are still valid.
        self.running: frozenset[Holder] = frozenset()

    def holders(self, rows: Sequence[TaskRow]) -> set[Holder]:
        """Return who holds the places that these rows want."""
        keys = {_limit(row, "concurrency")[0] for row in rows if _is_under(row, "concurrency")}
        return {holder for key in keys & self._limits.keys() for holder in self._known(key)}

    def choose(self, waiting: Sequence[TaskRow], most: int) -> Choice:
        """Choose from rows that are in the order in which they are to run.

        No row overtakes another of its lane. One that is not going to run, as it has expired or
        was cancelled, needs no place: somebody has to take it and say so.
        """
        choice = Choice()
        for row in waiting:
            if len(choice.rows) == most:
                break
            if row.lane is None or row.lane in choice.shut or row.lane in choice.busy:
                continue
            if is_over(row):
                choice.rows.append(row)
            elif not _keys(row) <= self._limits.keys():
                choice.busy.add(row.lane)
            elif shut := self._obstacle(row):
                choice.shut[row.lane] = shut
            else:
                self._chosen.update(_keys(row))
                choice.rows.append(row)
        return choice

    def enter(self, rows: Sequence[TaskRow]) -> Iterator[tuple[str, list[Any], float]]:
        """Yield what the limits know once these rows run, and for how many seconds it matters."""
        places: dict[str, list[list[Any]]] = {}
        starts: dict[str, tuple[Rate, int]] = {}
        for row in rows:
            if is_over(row):
                continue
            if _is_under(row, "concurrency"):
                key = _limit(row, "concurrency")[0]
                places.setdefault(key, []).append([str(row.id), row.token])
            if _is_under(row, "rate"):
                key, rate = _rate(row)
                starts[key] = rate, starts.get(key, (rate, 0))[1] + 1
        for key, new in places.items():
            kept = [[str(id_), token] for id_, token in self._known(key) & self.running]
            yield key, kept + new, 0
        for key, (rate, number) in starts.items():
            limit = self._limits[key]
            log = rate.add(limit.state, limit.read_at, number, rate.delay(self._delay))
            yield key, log, (rate.period + rate.delay(self._delay)) / MICRO

    def delays(self, rows: Sequence[TaskRow]) -> dict[UUID, float]:
        """Return how many seconds each row that counts as started has for it."""
        return {
            row.id: _rate(row)[1].delay(self._delay) / MICRO
            for row in rows
            if _is_under(row, "rate") and not is_over(row)
        }

    def _obstacle(self, row: TaskRow) -> Shut | None:
        if _is_under(row, "concurrency"):
            key, most = _limit(row, "concurrency")
            if len(self._known(key) & self.running) + self._chosen[key] >= most:
                return Shut(key, None)
        if _is_under(row, "rate"):
            key, rate = _rate(row)
            log, now = self._limits[key].state, self._limits[key].read_at
            if chosen := self._chosen[key]:
                log = rate.add(log, now, chosen, rate.delay(self._delay))
            if not rate.room(log, now):
                return Shut(key, (rate.opens_at(log, now) - now) / MICRO)
        return None

    def _known(self, key: str) -> set[Holder]:
        return {(UUID(id_), token) for id_, token in self._limits[key].state}


def is_over(row: TaskRow) -> bool:
    """Say whether a task is not going to run any more, whoever takes it."""
    has_expired = row.expires_at is not None and row.expires_at <= timezone.now()
    return has_expired or row.cancel_requested_at is not None


def _is_under(row: TaskRow, kind: str) -> bool:
    return kind in (row.limits or {})


def _limit(row: TaskRow, kind: str) -> list[Any]:
    assert row.limits is not None
    limit: list[Any] = row.limits[kind]
    return limit


def _keys(row: TaskRow) -> set[str]:
    return {limit[0] for limit in (row.limits or {}).values()}


def _rate(row: TaskRow) -> tuple[str, Rate]:
    key, count, period = _limit(row, "rate")
    return key, Rate(count, period * MICRO)
