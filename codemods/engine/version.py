"""The version of this package."""

from __future__ import annotations


def tool_version() -> str:
    """Return the version that is installed."""
    # Defer: reading metadata takes longer than a run that finds nothing.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("django-task-bridge")
    except PackageNotFoundError:
        return "0+unknown"
