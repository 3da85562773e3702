"""A task as it was stored."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

from bridge.interface import AnyTask

T = TypeVar("T", bound=AnyTask)


def restore(task: T, **changes: Any) -> T:
    """Return a copy of a task as it was stored.

    Settings may have changed since, a queue removed for example: a task that is already in the
    ledger is not validated again.
    """
    copy = object.__new__(type(task))
    for field in dataclasses.fields(cast("Any", task)):
        object.__setattr__(copy, field.name, changes.get(field.name, getattr(task, field.name)))
    return copy
