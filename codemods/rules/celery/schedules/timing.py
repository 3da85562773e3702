"""When a schedule is due: a crontab, a number of seconds, a solar event."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.schedules.evaluate import Reader, Unreadable, seconds

_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_ORDER = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
"""As a crontab file has them."""


def read_timing(node: cst.BaseExpression, reader: Reader) -> dict[str, Any]:
    """Return the keys of an entry that say when. Raises Unreadable."""
    node = reader.settled(node)
    last = reader.called(node).rpartition(".")[2]
    if isinstance(node, cst.Call) and last == "crontab":
        return {"cron": _crontab(node, reader)}
    if isinstance(node, cst.Call) and last == "solar":
        return {"solar": [reader.value(arg.value) for arg in node.args]}
    if isinstance(node, cst.Call) and last == "schedule" and node.args:
        return read_timing(node.args[0].value, reader)
    return {"seconds": seconds(reader.value(node))}


def _crontab(node: cst.Call, reader: Reader) -> str:
    given = dict.fromkeys(_FIELDS, "*")
    for index, arg in enumerate(node.args):
        name = arg.keyword.value if arg.keyword is not None else ""
        if arg.star or (not name and index >= len(_FIELDS)) or (name and name not in given):
            raise Unreadable
        given[name or _FIELDS[index]] = _field(reader.value(arg.value))
    return " ".join(given[name] for name in _ORDER)


def _field(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_field(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Unreadable
    text = "".join(str(value).split())
    if not text:
        raise Unreadable
    return text
