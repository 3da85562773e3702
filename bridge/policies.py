"""What a task may say about its own execution."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from bridge.interface import InvalidTask
from bridge.retry import Retry, seconds

if TYPE_CHECKING:
    from bridge.base import Policies

OnLost = Literal["retry", "fail"]
ON_LOST = ("retry", "fail")


def validate_policies(task: Policies[..., Any]) -> None:
    """Raise InvalidTask for a policy that nobody could follow."""
    if task.retry is not None and not isinstance(task.retry, Retry):
        raise InvalidTask(
            f"retry of {task.module_path!r} must be a Retry or None, not {task.retry!r}. "
            "Write retry=Retry(max_attempts=5), for example."
        )
    for name in ("timeout", "hard_timeout"):
        value = getattr(task, name)
        if value is not None and not _is_duration(value):
            raise InvalidTask(
                f"{name} of {task.module_path!r} must be more than 0 seconds, as a number or a "
                f"timedelta, not {value!r}. Leave it out, or give None, for no limit."
            )
    if task.on_lost is not None and task.on_lost not in ON_LOST:
        raise InvalidTask(
            f"on_lost of {task.module_path!r} must be 'retry', 'fail' or None, not "
            f"{task.on_lost!r}. None leaves it to ON_LOST of the backend."
        )


def _is_duration(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        return False
    return 0 < seconds(value) < math.inf
