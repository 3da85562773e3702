"""What the bench needs to know of a task queue."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from tests.services import REDIS


class Peer(ABC):
    """A task queue.

    The first half is for the bench, which imports no task library. The second half enqueues; it
    is called in processes that have this peer's settings.
    """

    name: str
    needs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("postgresql",)
    redis = False
    apps: tuple[str, ...] = ()
    settings: Mapping[str, Any] = {}
    table = ""
    bulk = False
    """Can the library enqueue many tasks at once?"""
    unfinished = ""
    """SQL that counts the tasks still to be finished; empty where only a task can tell."""

    @abstractmethod
    def commands(self, concurrency: int) -> list[list[str]]:
        """Return the commands that run so many tasks at a time, from the queue `default`."""

    def prepare(self) -> list[list[str]]:
        """Return the commands that make the tables."""
        return [manage("migrate", "-v", "0")]

    def missing(self) -> str:
        """Return why this peer cannot be measured here, or nothing."""
        for module in self.needs:
            if find_spec(module) is None:
                return f"{module} is not installed"
        return f"Redis does not answer on port {REDIS.port}" if self.redis and not up() else ""

    def fill(self, count: int, first: str, last: str) -> None:
        """Enqueue `count` tasks between two that report, visible to workers at one moment."""
        from django.db import transaction

        with transaction.atomic():
            self.mark(first)
            if self.bulk:
                self.many(count)
            else:
                for number in range(count):
                    self.nothing(number)
            self.mark(last)

    @abstractmethod
    def nothing(self, number: int) -> None:
        """Enqueue a task that does nothing."""

    @abstractmethod
    def mark(self, label: str) -> None:
        """Enqueue a task that reports when it runs."""

    def many(self, count: int) -> None:
        """Enqueue so many tasks that do nothing, at once."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections of this process."""
        from django.db import connections

        connections.close_all()

    def defer(self) -> None:
        """Enqueue a task for tomorrow."""
        raise NotImplementedError

    def park(self) -> None:
        """Enqueue a task on the queue `parked`, which no worker serves."""
        raise NotImplementedError


def up() -> bool:
    return REDIS.is_up()


def manage(*arguments: str) -> list[str]:
    """Return a management command of the project under test."""
    return [sys.executable, "-m", "django", *arguments]
