"""Kombu's transport for Redis, less the client it makes for each command.

A client is a hundred entries of a table and no connection: to make one takes a sixth of what a
message costs to send, and the one before would have done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from kombu.transport.virtual import Transport


@cache
def lasting(transport: type[Transport]) -> type[Transport]:
    """Return a transport like this one of Redis, whose channels keep their client."""

    class Channel(transport.Channel):  # type: ignore[misc, name-defined]
        _kept: Any = None

        @contextmanager
        def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
            if client is None:
                client = self._kept
                # A pool is replaced when its connections were lost.
                if client is None or client.connection_pool is not self.pool:
                    with super().conn_or_acquire() as client:
                        self._kept = client
            yield client

    name = transport.__name__
    return type(name, (transport,), {"Channel": Channel, "__module__": transport.__module__})
