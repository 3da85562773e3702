"""TASKS of a test: the same aliases and queues, on another backend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.test import override_settings


class override_tasks(override_settings):  # noqa: N801  # it is used as its base class is
    """Put every task on another backend: `@override_tasks("bridge.ImmediateBackend")`.

    Aliases, QUEUES and ENQUEUE_ON_COMMIT stay as they are; OPTIONS become the keyword arguments.
    `aliases` names those to change, all by default. Use it like override_settings(): on classes
    and functions, and as a context manager.
    """

    def __init__(
        self, backend: str, *, aliases: Iterable[str] | None = None, **options: Any
    ) -> None:
        self._backend = backend
        self._aliases = None if aliases is None else set(aliases)
        self._options = options
        super().__init__()

    def enable(self) -> None:
        """Change the settings as they are now, overridden elsewhere perhaps."""
        self.options = {"TASKS": self._tasks(getattr(settings, "TASKS", {}))}
        super().enable()

    def save_options(self, test_func: Any) -> None:
        """Do so for a class of tests."""
        known = test_func._overridden_settings or {}
        self.options = {"TASKS": self._tasks(known.get("TASKS", getattr(settings, "TASKS", {})))}
        super().save_options(test_func)

    def _tasks(self, found: dict[str, Any]) -> dict[str, Any]:
        found = found or {"default": {}}
        aliases = found.keys() if self._aliases is None else self._aliases
        for alias in aliases - found.keys():
            raise ValueError(f"{alias!r} is not in TASKS. Choose from {', '.join(found)}.")
        changes = {"BACKEND": self._backend, "OPTIONS": self._options}
        return {**found, **{alias: {**found[alias], **changes} for alias in aliases}}
