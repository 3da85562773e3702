"""What Huey takes for its task, and what runs for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huey.api import Task as HueyTask

if TYPE_CHECKING:
    from compat.huey.attempt import Attempt


# Where they are behind args and kwargs, when Huey makes a task from a message.
RETRIES = 2
TIMEOUT = 9


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

    def __init__(self, args: Any = None, kwargs: Any = None, *others: Any, **named: Any) -> None:
        super().__init__(args, kwargs, *others, **named)
        given = named.get("retries") if len(others) <= RETRIES else others[RETRIES]
        timeout = named.get("timeout") if len(others) <= TIMEOUT else others[TIMEOUT]
        self.said = Said(given, self.retry_delay, self.retry_backoff, timeout)
        # The executor interrupts a task, not Huey: its signal would hit what comes after as well.
        self.timeout: float | None = None
        self.attempt: Attempt | None = None
        self.dropped = False

    def execute(self) -> Any:
        """Run the task; return or raise for Huey."""
        from compat.huey import attempt  # models: not before the app registry is ready

        return attempt.run(self)

    def forget_others(self) -> None:
        """Let nothing follow: this message is not the one that the others wait for."""
        self.on_complete = self.on_error = self.chord_config = None
