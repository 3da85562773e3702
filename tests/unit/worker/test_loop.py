from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bridge.worker.loop import Loop


async def exit_in_a_task_of_its_own() -> None:
    async def leave() -> None:
        sys.exit(3)

    await asyncio.create_task(leave())


async def stop_the_loop() -> None:
    asyncio.get_running_loop().stop()


@pytest.mark.parametrize("harm", [exit_in_a_task_of_its_own, stop_the_loop])
def test_coroutines_run_on_whatever_another_does_to_the_loop(
    harm: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    loop = Loop()
    harmed, ended = threading.Event(), threading.Event()

    async def harmful() -> None:
        try:
            await harm()
        except SystemExit:
            pass
        finally:
            harmed.set()

    async def neighbour() -> None:
        while not harmed.is_set():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        ended.set()

    loop.run(neighbour())
    loop.run(harmful())

    assert ended.wait(5)
