"""A wire to a database server that loses answers: what was asked for is done, and nobody hears."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

HOST = "127.0.0.1"
PIECE = 65536


@dataclass(slots=True, eq=False)
class _Link:
    loses_next_answer: bool = False


class Proxy:
    """Forwards connections on a free port to a port of a server on loopback."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._links: set[_Link] = set()
        self.severed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._forward, HOST, 0)
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        self.port: int = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def lose_answers(self) -> int:
        """Swallow the next answer on every connection, then cut it; return how many there are."""
        links = list(self._links)
        for link in links:
            link.loses_next_answer = True
        return len(links)

    def sever(self) -> None:
        """Cut every connection at its next word and accept no other until mended."""
        self.severed = True
        self.lose_answers()

    async def _forward(self, near: Any, to_near: Any) -> None:
        if self.severed:
            to_near.close()
            return
        try:
            far, to_far = await asyncio.open_connection(HOST, self._server_port)
        except OSError:
            to_near.close()
            return
        link = _Link()
        self._links.add(link)
        asking = asyncio.ensure_future(_copy(near, to_far, _Link()))
        await _copy(far, to_near, link)
        asking.cancel()
        self._links.discard(link)
        to_near.close()
        to_far.close()


async def _copy(reader: Any, writer: Any, link: _Link) -> None:
    with suppress(OSError):
        while (piece := await reader.read(PIECE)) and not link.loses_next_answer:
            writer.write(piece)
            await writer.drain()
    if not link.loses_next_answer:
        writer.close()
