"""Identifiers made by the client."""

from __future__ import annotations

import os
import threading
import time
from uuid import NAMESPACE_URL, UUID, uuid5

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """Return a time-ordered id, growing with every call in this process (UUID 7, RFC 9562).

    48 bits of milliseconds, then 12 bits of the fraction of that millisecond, then randomness.
    """
    global _last
    millis, nanos = divmod(time.time_ns(), 1_000_000)
    stamp = millis << 12 | (nanos << 12) // 1_000_000
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    random_bits = int.from_bytes(os.urandom(8)) >> 2
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | random_bits
    return UUID(int=value)


def to_uuid(wire_id: str) -> UUID:
    """Return the ledger id of a broker message: the id itself, or a fixed hash of a custom one."""
    try:
        return UUID(wire_id)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"task:{wire_id}")
