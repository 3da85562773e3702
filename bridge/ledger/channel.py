"""How the body of a claimed row talks to others while it runs."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.context import SILENCE, Channel
from bridge.interface import TaskResultStatus
from bridge.ledger.messenger import messenger_of
from bridge.ledger.vendors.verbs import Report

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow
    from bridge.result import AnyResult

RUNNING = TaskResultStatus.RUNNING

PAUSE = 0.5
"""Seconds between two words of one task, and between two questions."""

LONGEST_WAIT = 1.0
"""Seconds a body waits for an answer before it goes by the one before."""

LONGEST_WAIT_ON_LOOP = 0.05
"""The same on an event loop, where other coroutines wait with it."""

TRIES = 10
"""How often a word is repeated that a locked row did not take."""


def channel_of(database: str, row: TaskRow, result: AnyResult) -> Channel:
    """Return the channel of a claimed row; without a context nobody could talk through it."""
    return LedgerChannel(database, row) if result.task.takes_context else SILENCE


class RowChannel:
    """Keeps the last word with the row in memory, from where it is stored with the outcome."""

    def __init__(self, row: TaskRow) -> None:
        self._row = row

    def report(self, result: AnyResult) -> None:
        """Keep progress until the end."""
        if result.progress is not None:
            self._row.progress = result.progress.to_json()

    def is_cancelled(self, result: AnyResult) -> bool:
        """Return False: it does not ask."""
        return False


class LedgerChannel(RowChannel):
    """The channel of one claim; any thread may use it."""

    def __init__(self, database: str, row: TaskRow) -> None:
        super().__init__(row)
        self.id = row.id
        self._database = database
        self._holder = row.worker or ""
        self._token = row.token
        self._word: str | None = None
        self._told: str | None = None
        self._tell_at = self._ask_at = time.monotonic()
        self._misses = 0
        self._question: threading.Event | None = None
        self._asked_at: datetime | None = None

    def report(self, result: AnyResult) -> None:
        """Write progress down: now, or when enough time has passed since the last word."""
        super().report(result)
        self._word = json.dumps(self._row.progress)
        self._misses = 0
        messenger_of(self._database).run(self, self._tell_at)

    def is_cancelled(self, result: AnyResult) -> bool:
        """Say whether somebody asked this task to stop, half a second ago at the latest."""
        if self._asked_at is None and self._question is None and time.monotonic() >= self._ask_at:
            self._ask()
        if self._asked_at is not None:
            object.__setattr__(result, "cancel_requested_at", self._asked_at)
        return self._asked_at is not None

    @property
    def asks(self) -> bool:
        """Say whether it wants to know if it is cancelled."""
        return self._question is not None

    def answer(self, asked_at: datetime | None) -> None:
        """Take note when somebody asked the task to stop."""
        self._asked_at = asked_at
        self.unanswered()

    def unanswered(self) -> None:
        """Let the body go on."""
        question, self._question = self._question, None
        if question is not None:
            question.set()

    def words(self) -> Report | None:
        """Return what is to be written, nothing once the outcome is stored."""
        word = self._word
        if word is None or word == self._told or self._row.status != RUNNING:
            return None
        self._tell_at = time.monotonic() + PAUSE
        return Report(self.id, self._holder, self._token, word)

    def told(self, report: Report, *, kept: bool) -> None:
        """Say it again later if it was not written, unless that seems to be in vain."""
        if kept:
            self._told = report.progress
        elif self._misses < TRIES:
            self._misses += 1
            messenger_of(self._database).run(self, self._tell_at)

    def _ask(self) -> None:
        self._ask_at = time.monotonic() + PAUSE
        self._question = question = threading.Event()
        messenger_of(self._database).run(self, 0.0)
        question.wait(_patience())


def _patience() -> float:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return LONGEST_WAIT
    return LONGEST_WAIT_ON_LOOP
