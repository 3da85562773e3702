"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "django",
    "psycopg",
    "django-tasks-db",
    "django-ox",
    "django-taskq",
    "procrastinate",
    "django-q2",
    "celery",
    "huey",
)


def describe() -> dict[str, str]:
    """Return versions, cores, load, and how fast the disk makes small writes durable."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    found["cores"] = str(os.cpu_count())
    found["load"] = f"{os.getloadavg()[0]:.1f}"
    found["fdatasync/s"] = f"{flushes(Path.cwd()):.0f}"
    return found


def flushes(folder: Path, seconds: float = 0.5) -> float:
    """Return how many writes of 8 kB a second a file takes, each flushed to disk."""
    path = folder / f".bench-{os.getpid()}"
    try:
        with path.open("wb", buffering=0) as file:
            file.write(bytes(8192))
            count, start = 0, time.perf_counter()
            while (spent := time.perf_counter() - start) < seconds:
                os.pwrite(file.fileno(), bytes(8192), 0)
                os.fdatasync(file.fileno())
                count += 1
            return count / spent
    finally:
        path.unlink(missing_ok=True)
