"""Which errors say that the database is away, and which are about what was sent."""

from __future__ import annotations

from django.db import InterfaceError, InternalError, OperationalError

AWAY = (OperationalError, InterfaceError, InternalError)
"""What says that the database is away. After a failover it may be there and refuse to write: to
PostgreSQL that is an internal error."""


def is_away(error: BaseException) -> bool:
    """Say whether the same statement may succeed later."""
    return isinstance(error, AWAY) and not is_too_much(error)


def is_locked(error: BaseException) -> bool:
    """Say whether somebody else held a lock for longer than was waited for, or crosswise."""
    state = getattr(error.__cause__, "sqlstate", None)
    waited = isinstance(error, OperationalError) and (state == "55P03" or error.args[:1] == (1205,))
    return waited or is_deadlock(error)


def is_deadlock(error: BaseException) -> bool:
    """Say whether the server rolled a transaction back that waited for another, and it for this."""
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, OperationalError) and (state == "40P01" or error.args[:1] == (1213,))


def is_too_much(error: BaseException) -> bool:
    """Say whether an error is about a limit of PostgreSQL, as of the length of a text (class 54).

    The driver calls them operational.
    """
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(state, str) and state.startswith("54")
