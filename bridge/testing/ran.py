"""Which tasks a test runs, and what became of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bridge.interface import AnyDjangoResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The tasks to run; `queues` is None for all of them."""

    queues: Collection[str] | None = None
    # Also those whose run_after is still to come?
    deferred: bool = False
    # Not those that wait for another attempt?
    retry_waits: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """A result after an attempt, and the exception that has failed its task for good."""

    result: AnyDjangoResult
    error: BaseException | None


class Pending(Protocol):
    """The tasks of one backend that wait to be run."""

    def ids(self) -> set[str]:
        """Return the ids of those that can run."""

    def run_next(self, among: Collection[str] | None, but: Collection[str]) -> Ran | None:
        """Run the first of these, or of all, that is not among those; None without any."""
