"""How one attempt to run a task ended."""

from __future__ import annotations

from dataclasses import dataclass
from traceback import format_exception
from typing import Any

from bridge.interface import TaskError


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The function returned; `value` is what a result keeps of what it `returned`."""

    value: Any
    returned: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The function raised and does not run again."""

    exception: BaseException
    error: TaskError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """The function raised and runs again after delay seconds."""

    exception: BaseException
    error: TaskError
    delay: float


Outcome = Succeeded | Failed | RetryLater


def describe(exception: BaseException) -> TaskError:
    """Return what a result keeps of an exception: the path of its class and its traceback."""
    kind = type(exception)
    text = "".join(format_exception(exception)).replace("\x00", "\\x00")
    return TaskError(
        exception_class_path=f"{kind.__module__}.{kind.__qualname__}",
        traceback=text.encode("utf-8", "backslashreplace").decode(),
    )
