"""What is enqueued before things break, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

RETRY_DELAY = 0.3
SLOWEST = 0.3
MIX = {
    "once": 30,
    "often": 30,
    "once_flaky": 6,
    "often_flaky": 6,
    "once_async": 6,
    "often_async": 6,
    "often_asking": 12,
    "often_doomed": 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One enqueued task. Durations are seconds; its first `failures` attempts raise."""

    key: int
    task: str
    seconds: float = 0.0
    failures: int = 0
    queue: str = "default"
    priority: int = 0
    defer: float = 0.0

    @property
    def at_most_once(self) -> bool:
        """Say whether no attempt of it may be repeated after a loss."""
        return self.task.startswith("once")

    @property
    def error(self) -> str | None:
        """Return the class of what it raises in the end, None for a task that returns."""
        return "builtins.ValueError" if self.task == "often_doomed" else None


def mixed(count: int, chance: Random, *, slow: float = 0.05, defer: float = 3.0) -> list[Call]:
    """Return a random mix of every kind; `slow` is the part that takes up to 0.3 s."""
    return [_one(key, chance, slow, defer) for key in range(count)]


def _one(key: int, chance: Random, slow: float, defer: float) -> Call:
    (task,) = chance.choices(list(MIX), list(MIX.values()))
    takes_long = chance.random() < slow
    return Call(
        key=key,
        task=task,
        seconds=chance.uniform(0.02, SLOWEST) if takes_long else 0.0,
        failures=chance.choice([1, 2]) if task.endswith("_flaky") else 0,
        queue="slow" if takes_long else chance.choice(["default", "mail"]),
        priority=chance.choice([0, 0, 0, 5, -5]),
        defer=chance.uniform(0.2, defer) if chance.random() < 0.1 else 0.0,
    )
