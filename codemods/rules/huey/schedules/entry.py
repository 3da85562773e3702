"""When a periodic task is due."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.engine.schedules.conditions import conditions
from codemods.engine.schedules.entry import Entry
from codemods.engine.schedules.evaluate import Reader, Unreadable
from codemods.rules.huey.names import CRONTAB
from codemods.rules.huey.task import HueyTask

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_SHORT = {"hourly": {"minute": "0"}, "daily": {"minute": "0", "hour": "0"}}


@dataclass(frozen=True, slots=True)
class Periodic:
    """A schedule that could be read."""

    entry: Entry
    task: HueyTask


def read_periodic(reader: Reader, task: HueyTask) -> Periodic | None:
    """Return when a task is due, None when only running code knows."""
    if task.schedule is None:
        return None
    when = conditions(task.frame)
    entry = Entry(task.key, task.source, f"@{task.maker.name}", task=task.key, when=when)
    entry.timing(task.schedule, reader, crontab)
    return None if entry.unread else Periodic(entry, task)


def crontab(node: cst.BaseExpression, reader: Reader) -> dict[str, str]:
    """Return the cron line of `crontab(minute="0")`. Raises Unreadable."""
    node = reader.settled(node)
    name, _, last = reader.called(node).rpartition(".")
    given = dict.fromkeys(_FIELDS, "*")
    if name in CRONTAB and last in _SHORT:
        given |= _SHORT[last]
    elif f"{name}.{last}" not in CRONTAB:
        raise Unreadable
    assert isinstance(node, cst.Call)
    for index, arg in enumerate(node.args):
        key = arg.keyword.value if arg.keyword is not None else ""
        if key == "strict":
            continue
        if arg.star or (not key and index >= len(_FIELDS)) or (key and key not in given):
            raise Unreadable
        given[key or _FIELDS[index]] = _field(reader.value(arg.value))
    return {"cron": " ".join(given[name] for name in _FIELDS)}


def _field(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Unreadable
    text = "".join(str(value).split())
    if not text:
        raise Unreadable
    return text
