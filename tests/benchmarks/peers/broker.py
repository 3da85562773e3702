"""A peer whose tasks are in no database of Django's."""

from __future__ import annotations

from importlib import import_module

from .base import Peer


class Broker(Peer):
    """Enqueue by calling a task, or the method `call` of it."""

    jobs: str
    call = "__call__"

    def fill(self, count: int, first: str, last: str) -> None:
        self.mark(first)
        for number in range(count):
            self.nothing(number)
        self.mark(last)

    def nothing(self, number: int) -> None:
        getattr(import_module(self.jobs).nothing, self.call)(number)

    def mark(self, label: str) -> None:
        getattr(import_module(self.jobs).mark, self.call)(label)
