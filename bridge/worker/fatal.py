"""What happens when a thread of a child process cannot go on."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("bridge.worker")


@contextmanager
def ending_the_process() -> Iterator[None]:
    """End the process when the block cannot go on; its supervisor settles what it held."""
    try:
        yield
    except BaseException:
        logger.exception("pid=%s cannot go on", os.getpid())
        os._exit(1)
