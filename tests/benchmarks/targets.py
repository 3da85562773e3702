"""What we promise, and whether a run keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .records import Records

US = "bridge"


@dataclass(frozen=True)
class Verdict:
    """A promise, what was measured, and whether it is kept; None when it was not measured."""

    promise: str
    measured: float | None
    wanted: float
    at_most: bool = False

    @property
    def kept(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted


def verdicts(records: Records) -> Iterator[Verdict]:
    """Yield every promise of the project beside what this run says of it."""

    def ours(scenario: str, cell: str, metric: str) -> float | None:
        return records.middle(scenario, cell, US, metric)

    def times(scenario: str, cell: str, peer: str, wanted: float) -> Verdict:
        ratio = divide(ours(scenario, cell, "rate"), records.middle(scenario, cell, peer, "rate"))
        return Verdict(f"{scenario} {cell}: rate of us / {peer}", ratio, wanted)

    def at_most(scenario: str, cell: str, metric: str, wanted: float) -> Verdict:
        value = ours(scenario, cell, metric)
        return Verdict(f"{scenario} {cell}: {metric}", value, wanted, at_most=True)

    for peer, wanted in C1.items():
        yield times("drain", "c1", peer, wanted)
    yield at_most("drain", "c1", "cpu_ms", 0.20)
    yield at_most("drain", "c1", "commits", 0.15)
    for peer in DJANGO:
        yield times("drain", "c4", peer, 8)
    for crowd in ("deferred", "parked", "finished"):
        share = divide(ours("crowded", crowd, "rate"), ours("crowded", "clean", "rate"))
        yield Verdict(f"crowded {crowd}: rate / the clean rate", share, 0.6)
    yield times("network", "1 ms", "django-ox", 30)
    yield at_most("idle", "postgresql", "p50_ms", 5)
    yield at_most("idle", "postgresql", "p95_ms", 15)
    yield at_most("idle", "sqlite", "p50_ms", 25)
    yield at_most("idle", "postgresql", "idle_cpu", 0.5)
    yield at_most("idle", "postgresql", "statements", 2)
    yield times("enqueue", "one by one", "django-tasks-db", 1.5)
    yield times("enqueue", "many", "django-ox", 2.5)
    yield times("sqlite", "c1", "django-ox", 5)
    yield times("mariadb", "c1", "django-tasks-db", 3)
    yield at_most("mariadb", "8 workers", "deadlocks", 0)
    yield at_most("memory", "c4", "growth", 1.1)
    for cell, wanted in CELERY.items():
        raw = records.middle("celery", cell, "celery-redis", "rate")
        ratio = divide(records.middle("celery", cell, "bridged-native", "rate"), raw)
        yield Verdict(f"celery {cell}: rate of native / raw Celery", ratio, wanted)


def divide(one: float | None, other: float | None) -> float | None:
    """Return the ratio; None where one of them was not measured."""
    return one / other if one is not None and other else None


DJANGO = ("django-tasks-db", "django-ox", "django-taskq", "procrastinate", "django-q2")
C1 = {"django-ox": 10, "django-tasks-db": 10, "celery-redis": 5, "huey-redis": 1, "limit": 1 / 3}
CELERY = {"enqueue": 1 / 1.15, "worker": 0.9}
