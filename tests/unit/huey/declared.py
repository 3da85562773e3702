"""Tasks of these tests."""

from __future__ import annotations

from typing import Any

from bridge import task


@task
def keywords(**given: Any) -> dict[str, Any]:
    """Return what it was given."""
    return given


@task
def kind_of(value: object) -> str:
    """Return the name of the type of what it was given."""
    return type(value).__name__
