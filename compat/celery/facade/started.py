"""What starting a chain or a chord returns."""

from __future__ import annotations

from typing import Any


class Started:
    """A canvas that has been started; the id of its last task is not known yet."""

    def __init__(self, parent: Any) -> None:
        # The result of its first task, or of its group.
        self.parent = parent

    def revoke(self, **options: Any) -> None:
        """Let the first part of it never start, and what follows with it."""
        self.parent.revoke(**options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(
            f"The last task of a chain or a chord is enqueued when the one before has ended, so "
            f"its {name} is not known here. `parent` is what has been enqueued. Keep what the last "
            "task finds in a model, or name what comes next as another step."
        )

    def __repr__(self) -> str:
        return f"<Started: {self.parent!r}>"
