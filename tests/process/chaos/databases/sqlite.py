"""A file in a folder of its own."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from tests import settings as suite

ROOM = 512 * 1024


class Sqlite:
    """SQLite as the suite sets it up."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.settings: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "chaos.sqlite3"),
            "OPTIONS": suite.DATABASES["default"]["OPTIONS"],
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave the file to whoever made its folder."""

    @contextmanager
    def failing(self, pids: Iterable[int]) -> Iterator[None]:
        """Let no file of these processes grow beyond 512 KiB: to them the disk is full."""
        pids = list(pids)
        _limit_files(pids, ROOM)
        yield
        _limit_files(pids, resource.RLIM_INFINITY)


def _limit_files(pids: Iterable[int], size: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
