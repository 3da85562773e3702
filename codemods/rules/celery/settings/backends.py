"""The names of the backends, by what the rewritten code may import."""

from __future__ import annotations

CELERY = '"bridge.CeleryBackend"'
DATABASE = '"bridge.DatabaseBackend"'
IMMEDIATE = {
    "bridge": '"bridge.ImmediateBackend"',
    "django": '"django.tasks.backends.immediate.ImmediateBackend"',
}


def immediate(target: str) -> str:
    """Return the backend that runs tasks where they are sent, as an expression."""
    return IMMEDIATE[target]


def usual(target: str) -> str:
    """Return the backend of production. Django has none, and its immediate one is its default."""
    return CELERY if target == "bridge" else IMMEDIATE[target]
