"""What the attributes of a bound task are in terms of its context."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.engine.literals import integer
from codemods.rules.celery.task import CeleryTask


@dataclass(frozen=True, slots=True)
class Attribute:
    """The new expression for the first attributes of a chain."""

    count: int
    new: str
    change: str = ""
    """What it means now that it did not mean before."""
    module: str = ""
    """Where the new name is imported from."""


_PATH = "context.task_result.task.module_path"
_KNOWN = {
    ("request", "id"): Attribute(2, "context.task_result.id"),
    ("request", "args"): Attribute(2, "context.task_result.args"),
    ("request", "kwargs"): Attribute(2, "context.task_result.kwargs"),
    ("request", "hostname"): Attribute(
        2,
        "context.task_result.worker_ids[-1]",
        "self.request.hostname was Celery's node name and is the id of our worker now",
    ),
    ("MaxRetriesExceededError",): Attribute(
        1, "MaxRetriesExceededError", module="celery.exceptions"
    ),
    ("app",): Attribute(
        1, "current_app", "self.app is celery.current_app: the task still imports Celery", "celery"
    ),
}
_NAMES = {("name",): 1, ("request", "task"): 2}
_NUMBERS = {"retry_backoff": None, "default_retry_delay": 180, "retry_backoff_max": 600}
_ADVICE = {
    "chain": "the rest of a chain is known to Celery alone; use on_success hooks",
    "replace": "enqueue the other task, or name it as an on_success hook",
    "add_to_chord": "enqueue a batch",
    "send_event": "send a Django signal",
    "update_state": "",
}


def attribute(parts: tuple[str, ...], task: CeleryTask) -> Attribute | None:
    """Return what the attributes of self become, None when nothing says it."""
    for key in (parts[:2], parts[:1]):
        if key in _KNOWN:
            return _KNOWN[key]
        if key in _NAMES:
            change = "self.name was the custom name and is the module path now"
            return Attribute(_NAMES[key], _PATH, change if task.custom_name else "")
    if parts[:1] and parts[0] in _NUMBERS:
        given = task.option(parts[0])
        number = _NUMBERS[parts[0]] if given is None else integer(given)
        return Attribute(1, str(number)) if number is not None else None
    return None


def advice(parts: tuple[str, ...]) -> str:
    """Return what to do instead of an attribute that has no counterpart."""
    word = parts[1] if parts[:1] == ("request",) and len(parts) > 1 else (*parts, "")[0]
    found = _ADVICE.get(word, "")
    return f"; {found}" if found else ""
