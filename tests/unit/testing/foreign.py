"""A backend of somebody else's."""

from __future__ import annotations

from typing import Any

from bridge.interface import BaseTaskBackend


class ForeignBackend(BaseTaskBackend):
    """Take tasks away."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        """Take one away."""
        raise AssertionError("nobody enqueues here")
