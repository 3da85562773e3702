"""Put a plan's files in place, each as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from codemods.engine.plan import FileChange


class WriteFailed(Exception):
    """A file could not be written; everything is as it was before."""


def write(changes: Sequence[FileChange]) -> None:
    """Write every change. Raises WriteFailed after restoring what was written already."""
    done: list[FileChange] = []
    try:
        for change in changes:
            _write_one(change)
            done.append(change)
    except OSError as error:
        _restore(done)
        raise WriteFailed(f"{error}. Nothing was changed.") from error
    except BaseException:
        _restore(done)
        raise


def _write_one(change: FileChange) -> None:
    if change.before is None:
        if change.path.exists():
            raise FileExistsError(f"{change.label} exists already")
        _replace(change.path, change.after, None)
        return
    if change.path.read_bytes() != change.before:
        raise OSError(f"{change.label} was edited while the plan was made; run again")
    if not os.access(change.path, os.W_OK):
        raise PermissionError(f"{change.label} is read-only")
    _replace(change.path, change.after, change.path.stat().st_mode)


def _replace(path: Path, data: bytes, mode: int | None) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        Path(name).chmod(mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _restore(done: Sequence[FileChange]) -> None:
    for change in reversed(done):
        if change.before is None:
            change.path.unlink(missing_ok=True)
        else:
            _replace(change.path, change.before, change.path.stat().st_mode)
