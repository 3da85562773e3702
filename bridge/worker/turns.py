"""Which queue is looked at first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

DEFAULT_WEIGHT = 1.0


class Turns:
    """The order in which a worker claims from its queues.

    Without weights one claim covers all queues, so priorities hold across them. With weights
    every claim goes to one queue after the other, and each comes first in proportion to its weight.
    """

    def __init__(
        self, queues: Sequence[str], weights: Mapping[str, float], exclude: Collection[str]
    ) -> None:
        self._exclude = frozenset(exclude)
        self._any = not queues
        self._queues = self._allowed(queues)
        total = sum(weights.get(name, DEFAULT_WEIGHT) for name in self._queues)
        self._shares = {
            name: weights.get(name, DEFAULT_WEIGHT) / total
            for name in self._queues
            if weights and len(self._queues) > 1
        }
        # The turns a queue is owed: what its share came to so far, less those it had.
        self._owed = dict.fromkeys(self._shares, 0.0)

    def served(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return which of these queues are served. This takes no turn."""
        allowed = self._allowed(known)
        return allowed if self._any else tuple(name for name in allowed if name in self._queues)

    def groups(self, known: Sequence[str]) -> list[tuple[str, ...]]:
        """Return groups of queues to claim from, in this order until the batch is full.

        `known` are the queues with ready rows; they count when no queue was named. An empty list
        means that there is nothing to claim.
        """
        if self._shares:
            return [(name,) for name in self._next_round()]
        group = self._allowed(known) if self._any else self._queues
        return [group] if group else []

    def _next_round(self) -> list[str]:
        # Earliest deadline first among those that are owed a turn: like that no queue is ever
        # a whole turn ahead or behind, which taking the one that is owed most does not keep.
        for name, share in self._shares.items():
            self._owed[name] += share
        order = sorted(self._shares, key=self._rank)
        self._owed[order[0]] -= 1
        return order

    def _rank(self, name: str) -> tuple[bool, float]:
        owed = self._owed[name]
        return owed <= 0, (1 - owed) / self._shares[name]

    def _allowed(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in dict.fromkeys(names) if name not in self._exclude)
