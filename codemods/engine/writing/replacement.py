"""Swap the content of one file as a whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

_NEW_FILE = 0o666


def digest(data: bytes) -> str:
    """Return the name a content goes by."""
    return hashlib.sha256(data).hexdigest()


def content_of(path: Path) -> bytes | None:
    """Return the bytes of a file, None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def stage(temporary: Path, data: bytes, mode: int | None, like: Path) -> None:
    """Write the bytes beside the file they are for, safely on disk.

    The mode is that of a new file when it is None; the owner is the one of `like`, if it is there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, _NEW_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        if mode is not None:
            _own(temporary, like)
            temporary.chmod(mode)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Make renames in a directory survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _own(temporary: Path, like: Path) -> None:
    """Give the file the owner of another; only root can, and then it matters."""
    if not hasattr(os, "chown"):
        return
    with contextlib.suppress(OSError):
        wanted, given = like.stat(), temporary.stat()
        if (wanted.st_uid, wanted.st_gid) != (given.st_uid, given.st_gid):
            os.chown(temporary, wanted.st_uid, wanted.st_gid)
