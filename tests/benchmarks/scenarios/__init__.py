"""What is measured: one module per question, each with the same three names."""

from __future__ import annotations

from types import ModuleType

from . import celery, codemod, crowded, drain, enqueue, idle, mariadb, memory, network, sqlite

ALL: dict[str, ModuleType] = {
    "drain": drain,
    "enqueue": enqueue,
    "crowded": crowded,
    "network": network,
    "idle": idle,
    "sqlite": sqlite,
    "mariadb": mariadb,
    "memory": memory,
    "celery": celery,
    "codemod": codemod,
}
"""By the name that --only takes. A module has QUESTION, COLUMNS and play(run)."""
