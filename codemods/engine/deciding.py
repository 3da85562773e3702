"""Which outcomes hold once rules and people have spoken: all of what belongs together, or none."""

from __future__ import annotations

from collections.abc import Iterable

from codemods.engine.outcome import Outcome
from codemods.engine.places import Places
from codemods.engine.plan import Choice


def decline(outcomes: Iterable[Outcome], places: Places, choice: Choice) -> None:
    """Give outcomes their ids, and mark those that nobody wants."""
    found = list(outcomes)
    places.locate(found)
    for outcome in found:
        if choice.declines(outcome.code, outcome.id):
            outcome.declined = True
            outcome.blocks = outcome.blocks or bool(outcome.tasks)
        if outcome.otherwise:
            decline(outcome.otherwise, places, choice)


def staying(outcomes: Iterable[Outcome], groups: Iterable[frozenset[str]]) -> dict[str, Outcome]:
    """Return the tasks that stay, each with the outcome that keeps it; groups move together."""
    stays: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.blocks:
            for key in outcome.tasks:
                stays.setdefault(key, outcome)
    together = list(groups)
    spreading = True
    while spreading:
        spreading = False
        for group in together:
            held = [key for key in sorted(group) if key in stays]
            for key in group - stays.keys() if held else ():
                stays[key] = stays[held[0]]
                spreading = True
    return stays


def sorted_out(
    outcomes: list[Outcome], stays: dict[str, Outcome]
) -> tuple[list[Outcome], list[Outcome]]:
    """Return the outcomes that hold, and those whose place stays as it is."""
    active, kept = [], []
    for outcome in outcomes:
        if outcome.declined or (outcome.any_of and outcome.any_of <= stays.keys()):
            kept.append(outcome)
        elif outcome.blocks or not outcome.tasks & stays.keys():
            active.append(outcome)
        elif outcome.mixed and not outcome.tasks <= stays.keys():
            active.append(outcome.for_person(outcome.mixed))
        elif outcome.otherwise:
            instead, still = sorted_out(outcome.otherwise, stays)
            active.extend(instead)
            kept.extend(still)
        else:
            kept.append(outcome)
    return active, kept
