"""Talks to the ledger for running tasks: one thread and one connection per process.

A body hands over what it has to say and goes on: neither a slow database nor the body's own open
transaction matters to the other.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import connections

from bridge.ledger.models import TaskRow
from bridge.ledger.session import Session
from bridge.ledger.vendors import vendor_of
from bridge.ledger.vendors.verbs import Report

logger = logging.getLogger("bridge.worker")

PATIENCE = 0.05
"""Seconds to wait for other writers on SQLite, one of which may be the body itself."""

AGAIN = 0.5
"""Seconds until the next try when the database refuses."""

IDLE = 30.0
"""Seconds after which a connection that nobody uses is closed."""


class Errand(Protocol):
    """What one task has to say, and to ask."""

    id: UUID

    @property
    def asks(self) -> bool:
        """Say whether it wants to know if it is cancelled."""

    def answer(self, asked_at: datetime | None) -> None:
        """Take note when somebody asked the task to stop; None when nobody has."""

    def unanswered(self) -> None:
        """Take note that there is no answer at the moment."""

    def words(self) -> Report | None:
        """Return what is to be written, None when there is nothing new."""

    def told(self, report: Report, *, kept: bool) -> None:
        """Take note whether it was written. It was not where the row is locked, or not held."""


class Messenger:
    """Runs errands at the times they are due."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._vendor = vendor_of(connections[database])
        self._session: Session | None = None
        self._thread: threading.Thread | None = None
        self._news = threading.Condition()
        self._due: dict[int, tuple[float, Errand]] = {}

    def run(self, errand: Errand, at: float) -> None:
        """Run an errand at this time of the monotonic clock, or earlier if it is due earlier."""
        with self._news:
            known = self._due.get(id(errand))
            if known is not None and known[0] <= at:
                return
            self._due[id(errand)] = at, errand
            if self._thread is None:
                self._thread = threading.Thread(target=self._main, name="messenger", daemon=True)
                self._thread.start()
            self._news.notify()

    def _main(self) -> None:
        while True:
            errands = self._next()
            if errands:
                self._serve(errands)
            elif self._session is not None:
                self._session.close()

    def _next(self) -> list[Errand]:
        """Wait for errands that are due; return none after a long time without any."""
        idle_at = time.monotonic() + IDLE
        with self._news:
            while True:
                now = time.monotonic()
                due = [key for key, (at, _) in self._due.items() if at <= now]
                if due or now >= idle_at:
                    return [self._due.pop(key)[1] for key in due]
                self._news.wait(min([idle_at, *(at for at, _ in self._due.values())]) - now)

    def _serve(self, errands: Collection[Errand]) -> None:
        try:
            if self._session is None:
                # As behind a proxy: it neither prepares anything nor listens for tasks.
                self._session = Session(self._database, pooled=True, patience=PATIENCE)
            self._answer(self._session, [each for each in errands if each.asks])
            self._tell(self._session, errands)
        except Exception as error:  # noqa: BLE001
            # Whatever is wrong with the database, no task fails for it.
            logger.debug("pid=%s progress has to wait: %r", os.getpid(), error)
            if self._session is not None:
                self._session.close()
            for errand in errands:
                errand.unanswered()
                if errand.words() is not None:
                    self.run(errand, time.monotonic() + AGAIN)

    def _answer(self, session: Session, errands: Collection[Errand]) -> None:
        if not errands:
            return
        rows = TaskRow.objects.filter(id__in=[errand.id for errand in errands])
        times = rows.values_list("id", "cancel_requested_at")
        with session.cursor() as cursor:
            asked_at = dict(times.query.get_compiler(connection=cursor.db).results_iter())
        for errand in errands:
            errand.answer(asked_at.get(errand.id))

    def _tell(self, session: Session, errands: Collection[Errand]) -> None:
        words = [(errand, report) for errand in errands if (report := errand.words())]
        if not words:
            return
        with session.transaction() as cursor:
            kept = self._vendor.report(cursor, [report for _, report in words])
        for errand, report in words:
            errand.told(report, kept=report.id in kept)


_messengers: dict[tuple[int, str], Messenger] = {}


def messenger_of(database: str) -> Messenger:
    """Return the messenger of this process: a forked one has neither its thread nor a connection
    of its own.
    """
    key = os.getpid(), database
    return _messengers.get(key) or _messengers.setdefault(key, Messenger(database))
