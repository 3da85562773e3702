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
            if self.can_bulk():
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

    def can_bulk(self) -> bool:
        """Say whether the library has a way to enqueue many tasks at once."""
        return False

    def many(self, count: int) -> None:
        """Enqueue so many tasks that do nothing, at once."""
        raise NotImplementedError

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
