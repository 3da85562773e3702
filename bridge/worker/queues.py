"""Which queues a command line names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.worker.turns import DEFAULT_WEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """The queues to serve: those named, or all but the excluded ones."""

    names: tuple[str, ...]
    weights: dict[str, float]
    exclude: tuple[str, ...]

    def __str__(self) -> str:
        if self.names:
            return ",".join(
                f"{name}={self.weights[name]:g}" if self.weights else name for name in self.names
            )
        return f"all but {','.join(self.exclude)}" if self.exclude else "all"


def choose_queues(
    backend: LedgerBackend, included: Iterable[str], excluded: Iterable[str]
) -> Queues:
    """Read the values of --queue and --exclude-queue. Raise ValueError for what cannot be meant.

    With nothing named, queues that only another backend on the same tables has are left to it.
    """
    weighed = _weights(included)
    exclude = tuple(dict.fromkeys(_names(excluded)))
    for name in exclude:
        if name in weighed:
            raise ValueError(
                f"Queue {name!r} is both served and excluded. Leave out one of --queue and "
                "--exclude-queue."
            )
    _check_declared(backend, [*weighed, *exclude])
    if not weighed:
        if backend.queues and backend.queues <= set(exclude):
            raise ValueError("Every queue is excluded. Leave at least one to serve.")
        exclude = (*exclude, *sorted(_queues_of_others(backend) - set(exclude)))
    weighted = any(weight is not None for weight in weighed.values())
    weights = {name: weight or DEFAULT_WEIGHT for name, weight in weighed.items()}
    return Queues(names=tuple(weighed), weights=weights if weighted else {}, exclude=exclude)


def _names(texts: Iterable[str]) -> Iterator[str]:
    return (name.strip() for text in texts for name in text.split(",") if name.strip())


def _weights(texts: Iterable[str]) -> dict[str, float | None]:
    weights: dict[str, float | None] = {}
    for text in _names(texts):
        name, equals, number = text.partition("=")
        weight = _weight(text, number) if equals else None
        if weights.setdefault(name, weight) != weight:
            raise ValueError(f"Queue {name!r} has two weights. Name it once.")
    return weights


def _weight(text: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError as error:
        raise ValueError(
            f"The weight in {text!r} is not a number. Write it as NAME=WEIGHT, critical=5 for "
            "example."
        ) from error
    if not 0 < weight < float("inf"):
        raise ValueError(f"The weight in {text!r} must be a number above 0.")
    return weight


def _check_declared(backend: LedgerBackend, names: Iterable[str]) -> None:
    for name in names:
        if backend.queues and name not in backend.queues:
            raise ValueError(
                f"Queue {name!r} is not in QUEUES of TASKS[{backend.alias!r}], which has "
                f"{', '.join(sorted(backend.queues))}."
            )


def _queues_of_others(backend: LedgerBackend) -> set[str]:
    if not backend.queues:
        return set()  # it declares none, so any queue may be its own
    others = (
        other
        for other in task_backends.all()
        if isinstance(other, LedgerBackend)
        and (other.database, other.transport) == (backend.database, backend.transport)
    )
    return {name for other in others for name in other.queues} - set(backend.queues)
