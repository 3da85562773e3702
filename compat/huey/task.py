"""What Huey takes for its task, and what runs for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huey.api import Task as HueyTask

if TYPE_CHECKING:
    from compat.huey.attempt import Attempt


# Where they are behind args and kwargs, when Huey makes a task from a message.
PLACES = {"retries": 2, "retry_delay": 3, "timeout": 9, "retry_backoff": 11}


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says about attempts; code of ours leaves it to the policies of the task."""

    retries: int | None
    retry_delay: float
    backoff: float
    timeout: float | None


class BridgedTask(HueyTask):  # type: ignore[misc]
    """One message of a task; its subclasses have the names that messages know tasks by."""

    # The module path of the task, and the Huey that carries it here.
    bridged = ""
    huey: Any = None

    retries: int | None
    retry_delay: float | None
    retry_backoff: float | None
    timeout: float | None

    def __init__(self, args: Any = None, kwargs: Any = None, *others: Any, **named: Any) -> None:
        super().__init__(args, kwargs, *others, **named)
        given = {
            name: others[place] if len(others) > place else named.get(name)
            for name, place in PLACES.items()
        }
        # Huey's scheduler sends the message on: what it does not say is not to be said there.
        self.__dict__.update(given)
        self.said = Said(
            given["retries"],
            given["retry_delay"] or 0,
            given["retry_backoff"] or 0,
            given["timeout"],
        )
        self.attempt: Attempt | None = None
        self.dropped = False

    def leave_to_executor(self) -> None:
        """Take from Huey what its consumer would do beside the executor.

        Its signal for a timeout, for example, would hit what comes after the body as well.
        """
        self.timeout = None
        self.retries = self.retries or 0
        self.retry_delay = self.retry_delay or 0
        self.retry_backoff = self.retry_backoff or 0

    def execute(self) -> Any:
        """Run the task; return or raise for Huey."""
        from compat.huey import attempt  # models: not before the app registry is ready

        return attempt.run(self)

    def forget_others(self) -> None:
        """Let nothing follow: this message is not the one that the others wait for."""
        self.on_complete = self.on_error = self.chord_config = None
