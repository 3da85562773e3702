"""How much of a project can be rewritten, with the arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codemods.engine.plan import Plan
from codemods.engine.site import Kind, Site

PRODUCTION, TEST = 4, 1
"""What a site weighs. Tests have several times the sites, and less hangs on each."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Sites counted, those that are rewritten beside all."""

    production: int = 0
    production_of: int = 0
    tests: int = 0
    tests_of: int = 0

    @property
    def weight(self) -> int:
        """Return what the rewritten sites weigh."""
        return PRODUCTION * self.production + TEST * self.tests

    @property
    def weight_of(self) -> int:
        """Return what all sites weigh."""
        return PRODUCTION * self.production_of + TEST * self.tests_of

    @property
    def score(self) -> float:
        """Return the percentage, rounded down to a tenth: 100 means everything."""
        return self.weight * 1000 // self.weight_of / 10 if self.weight_of else 100.0

    @property
    def arithmetic(self) -> str:
        """Return how the score comes about."""
        done = f"{PRODUCTION}·{self.production} + {TEST}·{self.tests}"
        whole = f"{PRODUCTION}·{self.production_of} + {TEST}·{self.tests_of}"
        return f"({done}) ÷ ({whole}) = {self.weight} ÷ {self.weight_of} = {self.score} %"


def tally(plan: Plan) -> Tally:
    """Return the figures of the whole plan."""
    return _count(counted(plan))


def tally_by(plan: Plan, key: Callable[[Site], str]) -> dict[str, Tally]:
    """Return the figures of each app, queue or the like, by name."""
    groups: dict[str, list[tuple[Site, bool]]] = {}
    for site, rewritten in counted(plan):
        groups.setdefault(key(site), []).append((site, rewritten))
    return {name: _count(groups[name]) for name in sorted(groups)}


def counted(plan: Plan) -> list[tuple[Site, bool]]:
    """Return the sites that count, and whether each is rewritten.

    A site that only repeats why its task stays counts where the cause is.
    """
    staying = {fate.key for fate in plan.tasks if not fate.converted}
    found = [(site, site.kind is not Kind.PERSON) for site in plan.sites]
    return [
        *((site, done) for site, done in found if done or site.blocks or not _echo(site, staying)),
        *((site, False) for site in plan.kept),
    ]


def _echo(site: Site, staying: set[str]) -> bool:
    return bool(site.tasks) and staying.issuperset(site.tasks)


def _count(sites: Iterable[tuple[Site, bool]]) -> Tally:
    production = production_of = tests = tests_of = 0
    for site, rewritten in sites:
        if site.is_test:
            tests_of += 1
            tests += rewritten
        else:
            production_of += 1
            production += rewritten
    return Tally(production, production_of, tests, tests_of)
