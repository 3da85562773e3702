"""A body and what stores its success in one transaction: both are done, or neither is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial

from django.db import connections, transaction

from bridge.context import Channel
from bridge.exceptions import TransactionLeftOpen
from bridge.execution import after_error, attempt
from bridge.ledger.away import is_deadlock
from bridge.outcome import Outcome, Succeeded
from bridge.result import AnyResult

logger = logging.getLogger("bridge.worker")


TRIES = 3
"""How often a body is called that the server has rolled back for the sake of another."""


class Undo(Exception):
    """Roll the body back."""


class _Deadlock(Exception):
    """The body has returned, and what was to be stored with it waited for others crosswise."""


def attempt_in_transaction(
    result: AnyResult,
    store: Callable[[Succeeded], bool],
    *,
    using: str,
    losses: int,
    channel: Channel,
) -> Outcome:
    """Call the function once, in a transaction of this database, and say how it ended.

    It is committed only when the function has returned and store() has returned True. When it has
    returned and the server rolls it back because of a deadlock, it is called again, 3 times at
    most: nothing that it did to this database is left, and no other attempt is to blame.
    """
    again = partial(_attempt, result, store, using=using, losses=losses, channel=channel)
    tries = 1 if connections[using].in_atomic_block else TRIES  # more is up to who began it
    for _ in range(tries - 1):
        try:
            return again(last=False)
        except _Deadlock as error:
            logger.warning("task=%s is called again: %s", result.id, str(error.__cause__).strip())
    return again(last=True)


def _attempt(
    result: AnyResult,
    store: Callable[[Succeeded], bool],
    *,
    using: str,
    losses: int,
    channel: Channel,
    last: bool,
) -> Outcome:
    outcome: Outcome | None = None
    committed = threading.Event()
    is_outermost = not connections[using].in_atomic_block
    try:
        with transaction.atomic(using=using):
            if is_outermost:
                transaction.on_commit(committed.set, using=using)
            refuse = partial(_refuse_inner, _depths())
            outcome = attempt(result, losses=losses, after_call=refuse, channel=channel)
            if not isinstance(outcome, Succeeded) or not store(outcome):
                raise Undo
    except Undo:
        assert outcome is not None
    except Exception as error:
        if committed.is_set():
            assert outcome is not None
            logger.exception("task=%s is done; what it left to on_commit() raised", result.id)
            return outcome
        if not last and isinstance(outcome, Succeeded) and is_deadlock(error):
            raise _Deadlock from error
        # The commit was refused, or its answer was lost: if it came about after all, the claim has
        # ended, and this outcome finds none to end.
        return after_error(result, error, losses)
    return outcome


def _refuse_inner(depths: Mapping[str, int]) -> None:
    for alias, depth in _depths().items():
        if depth > depths.get(alias, 0):
            raise TransactionLeftOpen(
                f"The task returned inside a transaction on {alias!r} that it had opened, which "
                "was rolled back. Use transaction.atomic() as a context manager."
            )


def _depths() -> dict[str, int]:
    # The body may be called within transactions on other databases, too, as it is in a TestCase.
    found = connections.all(initialized_only=True)
    return {connection.alias: len(connection.atomic_blocks) for connection in found}
