"""What is said of a task that stays because of something elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame


class Defined(Protocol):
    """A task definition."""

    @property
    def source(self) -> Source:
        """Return the file."""
        ...

    @property
    def frame(self) -> Frame:
        """Return the function."""
        ...


def definition_findings(
    tasks: Mapping[str, Defined],
    outcomes: Iterable[Outcome],
    stays: dict[str, Outcome],
    rule: Rule,
    library: str,
) -> list[Outcome]:
    """Return one finding per definition that stays because of something elsewhere."""
    own = {
        key
        for outcome in outcomes
        if outcome.blocks
        for key in outcome.tasks
        if outcome.frame is tasks[key].frame
    }
    found = []
    for key, cause in stays.items():
        if key not in own and not cause.declined:
            task = tasks[key]
            where = "" if cause.source is task.source else f" ({cause.source.label})"
            reason = f"stays on {library}: {cause.reason}{where}"
            found.append(
                Outcome(task.source, task.frame, rule.code, Kind.PERSON, reason, frozenset({key}))
            )
    return found
