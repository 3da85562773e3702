"""Many producers at once, and an account of what became of each of their tasks."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.process.celery.plant import Plant
from tests.process.project import wait_for

PRODUCE = """
from django.db import transaction
from bridge import EnqueueError
sent, refused, undone = [], [], []
for number in range({count}):
    name = f"{who}-{{number}}"
    try:
        if number % 4 == 0:
            with transaction.atomic():
                note.enqueue(name)
            sent.append(name)
        elif number % 50 == 1:
            try:
                with transaction.atomic():
                    note.enqueue(name)
                    raise ZeroDivisionError
            except ZeroDivisionError:
                undone.append(name)
        elif number % 50 == 2:
            names = [f"{{name}}+{{more}}" for more in range(20)]
            with transaction.atomic():
                note.enqueue_many([(each,) for each in names])
            sent += names
        else:
            note.enqueue(name)
            sent.append(name)
    except EnqueueError:
        refused.append(name)
give([sent, refused, undone])
"""


@dataclass
class Account:
    """What producers say they sent, and what must not be there."""

    sent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    def add(self, told: list[list[str]]) -> None:
        """Add what a producer says."""
        for names, more in zip((self.sent, self.refused, self.undone), told, strict=True):
            names += more

    def settle(self, plant: Plant, seconds: float, *, spare: int = 0, handed_back: int = 0) -> None:
        """Wait until all that was sent has run, and compare it with what there is.

        So many as `spare` may stay READY: those a broker had handed out when it crashed. Of
        those `handed_back` by workers that leave, each may have run there and again in an old
        worker, which asks nobody: Celery's last acknowledgements may stay unsaid.
        """
        expected = set(self.sent)

        def missing() -> set[str]:
            return expected - {name for name, _, _ in plant.runs()}

        try:
            wait_for(lambda: len(missing()) <= spare, "the last task", seconds=seconds)
        except AssertionError:
            lost = missing()
            rows = [row for row in plant.rows() if row["args"] and row["args"][0] in lost]
            raise AssertionError(f"{len(lost)} lost: {rows[:3]}") from None
        runs = plant.runs()
        counts = Counter(name for name, _, _ in runs)
        more = {name for name, count in counts.items() if count > 1}
        doubled = {name: [side for ran, side, _ in runs if ran == name] for name in more}
        assert all(len(sides) == 2 and sides[1] == "old" for sides in doubled.values()), doubled
        assert len(doubled) <= handed_back, doubled
        assert counts.keys() & {*self.refused, *self.undone} == set()
        assert counts.keys() <= expected


class Producers:
    """Processes that enqueue at the same time."""

    def __init__(self, plant: Plant, end: ExitStack) -> None:
        self.plant = plant
        self._threads = end.enter_context(ThreadPoolExecutor())
        self._futures: list[Future[Any]] = []

    def start(self, code: str, *, side: str = "new", **words: Any) -> None:
        """Let one more process run a program that gives what it sent, was refused and undid."""
        who = f"{side}{len(self._futures)}"
        program = code.format(who=who, **words)
        # Other words make it another process.
        self._futures.append(
            self._threads.submit(self.plant.run, side, program, PLANT_PRODUCER=who)
        )

    @property
    def busy(self) -> bool:
        """Say whether one of them is at work."""
        return not all(future.done() for future in self._futures)

    def account(self) -> Account:
        """Wait until all are done and add up what they say."""
        account = Account()
        for future in self._futures:
            account.add(future.result())
        return account
