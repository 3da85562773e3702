"""Keep talking to a database that is away for a while."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

from bridge.exceptions import TransactionLeftOpen
from bridge.ledger.away import AWAY, is_locked, is_too_much

logger = logging.getLogger("bridge.worker")
T = TypeVar("T")

FIRST_WAIT = 0.05
LONGEST_WAIT = 5.0

IDLE = 1.0
"""Seconds for which a connection of Django's is trusted to stay usable while no task uses it."""

_last_task = threading.local()


def persist(
    action: Callable[[], T],
    what: str,
    *,
    give_up: Callable[[], bool] = lambda: False,
    reset: Callable[[], None] | None = None,
) -> T:
    """Repeat action until the database answers, waiting longer each time (5 s at most).

    Before each repetition reset() drops the connection that failed; without it, Django's are. One
    that waited for the lock of others has not failed.
    Raise the last error when give_up() says so, or when it is about what was sent.
    """
    wait = FIRST_WAIT
    while True:
        try:
            return action()
        except AWAY as error:
            if give_up() or is_too_much(error):
                raise
            logger.warning(
                "pid=%s cannot %s (%s); next try in %.2f s",
                os.getpid(),
                what,
                str(error).strip(),
                wait,
            )
            if not is_locked(error):
                (reset or close_idle_connections)()
            time.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)


def close_idle_connections() -> None:
    """Close Django's connections of this thread that are not in a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def renew_connections() -> None:
    """Close Django's connections of this thread that are broken or have reached their age."""
    _last_task.ended_at = time.monotonic()
    for connection in connections.all(initialized_only=True):
        is_open = connection.connection is not None  # asking a closed one would open it
        if is_open and (connection.errors_occurred or connection.settings_dict["CONN_MAX_AGE"]):
            # CONN_MAX_AGE 0 means "until the request ends", and a worker has no requests.
            connection.close_if_unusable_or_obsolete()


def refresh_connections() -> None:
    """Close Django's connections of this thread that may have been cut off since its last task.

    Web servers do so between two requests; a task must not fail because the server was restarted,
    or a firewall grew tired, before it began. CONN_HEALTH_CHECKS asks once in every task.
    """
    idle = time.monotonic() - getattr(_last_task, "ended_at", 0.0)
    for connection in connections.all(initialized_only=True):
        connection.health_check_done = False  # type: ignore[attr-defined]
        if idle > IDLE and not connection.in_atomic_block:
            connection.close()


def clean_connections() -> bool:
    """Drop connections that a task body broke, aged or left inside a transaction.

    Return whether a transaction was left open; what was done in it is rolled back.
    """
    left_open = False
    for connection in connections.all(initialized_only=True):
        is_open = connection.connection is not None
        if connection.in_atomic_block or (is_open and not connection.get_autocommit()):
            left_open = True
            connection.close()
            # Closing keeps the memory of the atomic block; a new wrapper starts without one.
            del connections[connection.alias]
    renew_connections()
    return left_open


def refuse_open_transaction() -> None:
    """Raise TransactionLeftOpen when a task body returned inside a transaction."""
    if clean_connections():
        raise TransactionLeftOpen(
            "The task returned inside an open database transaction, which was rolled back. "
            "Commit it, or use transaction.atomic() as a context manager."
        )
