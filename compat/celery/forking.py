"""What a thread of a worker's main process may have open while its pool forks: nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

T = TypeVar("T")

_fork_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_fork_lock.acquire,
        after_in_parent=_fork_lock.release,
        after_in_child=_fork_lock.release,
    )


def connected(action: Callable[[], T]) -> T:
    """Run action while no child process can be forked, and leave no database connection open.

    A child that is forked at that moment would inherit it.
    """
    with _fork_lock:
        try:
            return action()
        finally:
            connections.close_all()
