"""One schedule, as far as it can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.schedules.evaluate import Reader, Unreadable, seconds
from codemods.engine.source import Source

Timing: TypeAlias = Callable[[cst.BaseExpression, Reader], dict[str, Any]]
"""Returns the keys of an entry that say when. Raises Unreadable."""
_KNOWN = {"queue", "expires", "priority"}


@dataclass(slots=True, eq=False)
class Entry:
    """What the inventory says of a schedule."""

    name: str
    source: Source
    found: str
    """The setting or the call it is written in."""
    task: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    when: list[str] = field(default_factory=list)
    """The conditions it is under, as they are written."""
    unread: dict[str, dict[str, str]] = field(default_factory=dict)

    def cannot(self, what: str, node: cst.CSTNode, reason: str) -> None:
        """Note what could not be read."""
        self.unread[what] = {"source": " ".join(code(node).split()), "reason": reason}

    def timing(self, node: cst.BaseExpression, reader: Reader, read: Timing) -> None:
        """Read when it is due, the way its library says it."""
        try:
            self.facts.update(read(node, reader))
        except Unreadable:
            self.cannot("schedule", node, "the schedule is computed, or of a class of its own")

    def read(self, what: str, node: cst.BaseExpression, reader: Reader) -> None:
        """Read a part that is kept as it is: arguments, an option."""
        try:
            value = reader.value(node)
            value = seconds(value) if what == "expires" else value
            json.dumps(value)
        except (Unreadable, TypeError):
            self.cannot(what, node, "the value is known only when the code runs")
        else:
            self.facts[what] = value

    def options(self, given: dict[str, cst.BaseExpression], reader: Reader) -> None:
        """Read how the task is sent."""
        others: dict[str, Any] = {}
        for name, node in given.items():
            if name in _KNOWN:
                self.read(name, node, reader)
                continue
            self.read(f"options.{name}", node, reader)
            if f"options.{name}" in self.facts:
                others[name] = self.facts.pop(f"options.{name}")
        if others:
            self.facts["options"] = others

    def data(self, timezone: str | None) -> dict[str, Any]:
        """Return the entry as JSON has it."""
        record: dict[str, Any] = {"name": self.name, "task": self.task or None}
        for key in ("cron", "seconds", "solar"):
            if key in self.facts:
                record[key] = self.facts[key]
        if "cron" in self.facts:
            record["timezone"] = timezone
        record["args"] = self.facts.get("args", [])
        record["kwargs"] = self.facts.get("kwargs", {})
        for key in ("queue", "expires", "priority", "options", "celery_name", "huey_name"):
            if self.facts.get(key) is not None:
                record[key] = self.facts[key]
        if self.when:
            record["when"] = self.when
        if self.unread:
            record["unread"] = self.unread
        record["found"] = f"{self.source.label}: {self.found}"
        return record
