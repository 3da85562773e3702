"""What was measured: one record per scenario, peer and round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from statistics import median
from typing import Any

Metrics = dict[str, float]


@dataclass(frozen=True)
class Record:
    """The metrics of a peer in one round, or why there are none.

    `cell` tells apart what a scenario measures several times, such as a database or a concurrency.
    """

    scenario: str
    cell: str
    peer: str
    round: int
    metrics: Metrics = field(default_factory=dict)
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what json can write."""
        return asdict(self)


class Records(list[Record]):
    """Everything measured so far."""

    def values(self, scenario: str, cell: str, peer: str, metric: str) -> list[float]:
        """Return a metric of each round that has it."""
        return [
            record.metrics[metric]
            for record in self
            if (record.scenario, record.cell, record.peer) == (scenario, cell, peer)
            and metric in record.metrics
        ]

    def middle(self, scenario: str, cell: str, peer: str, metric: str) -> float | None:
        """Return the median over the rounds, None when there is none."""
        values = self.values(scenario, cell, peer, metric)
        return median(values) if values else None

    def cells(self, scenario: str) -> list[str]:
        """Return the cells of a scenario, in the order they were measured."""
        return unique(record.cell for record in self if record.scenario == scenario)

    def peers(self, scenario: str, cell: str) -> list[str]:
        """Return who was measured in a cell."""
        of_cell = (r for r in self if (r.scenario, r.cell) == (scenario, cell))
        return unique(record.peer for record in of_cell)

    def errors(self) -> list[Record]:
        """Return what went wrong."""
        return [record for record in self if record.error]


def unique(names: Iterable[str]) -> list[str]:
    """Return each name once, in order."""
    return list(dict.fromkeys(names))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that is not exceeded by so many percent of them."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
