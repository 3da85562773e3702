"""Who holds the lease for what this process runs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

_current = ""


def take(nodename: str) -> str:
    """Name this worker, before its pool forks: its child processes inherit the name."""
    global _current
    _current = f"{nodename[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
    return _current


def current() -> str:
    """Return the name of this process's worker."""
    if not _current:
        raise RuntimeError("A Celery task runs in a process that no Celery worker started.")
    return _current


@contextmanager
def eager(backend: CeleryBackend) -> Iterator[str]:
    """Hold a lease while the caller's own process runs a task (task_always_eager)."""
    name = f"eager:{os.getpid()}:{secrets.token_hex(4)}"
    backend.leases.renew(name, backend.transport)
    try:
        yield name
    finally:
        backend.leases.end(name)
