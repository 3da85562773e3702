"""Who holds the lease for what this process runs."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from typing import TYPE_CHECKING

from django.db import connections

from bridge.worker.upkeep import Upkeep
from compat.huey import registration

if TYPE_CHECKING:
    from compat.huey.backend import HueyBackend

_lock = threading.RLock()
_upkeep: Upkeep | None = None
_workers: set[int] = set()


def begin() -> None:
    """Open the lease of this process before one of its workers takes a task.

    Raise SystemExit when that is impossible: Huey goes on after any other error, and messages that
    it takes then would be lost.
    """
    try:
        current()
    except Exception as error:
        raise SystemExit(f"No task can be run: {error}") from error
    finally:
        connections.close_all()
    with _lock:
        _workers.add(threading.get_ident())


def end() -> None:
    """Close the lease when the last worker of this process ends."""
    global _upkeep
    with _lock:
        _workers.discard(threading.get_ident())
        upkeep = None if _workers else _upkeep
        if upkeep is not None:
            _upkeep = None
    if upkeep is not None and upkeep.pid == os.getpid():
        upkeep.stop()
    connections.close_all()


def current() -> str:
    """Return the name that holds the lease; open the lease if there is none in this process."""
    global _upkeep
    with _lock:
        if _upkeep is None or _upkeep.pid != os.getpid():
            upkeep = Upkeep(f"huey@{socket.gethostname()}", registration.huey_backends())
            upkeep.start()
            _upkeep = upkeep
        return _upkeep.worker


def open_here(backend: HueyBackend) -> str:
    """Open a lease for a task that the caller's own process runs, and return its name."""
    name = f"immediate:{os.getpid()}:{secrets.token_hex(4)}"
    backend.leases.renew(name, backend.transport)
    return name
