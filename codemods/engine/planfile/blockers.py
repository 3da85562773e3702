"""The files in which the reasons lie why something is not rewritten."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.engine.plan import Plan
from codemods.engine.planfile.readiness import PRODUCTION, TEST, counted
from codemods.engine.site import Site

_MOST = 0.8


@dataclass(frozen=True, slots=True)
class Blocker:
    """A file, and what is not rewritten because of it."""

    path: str
    sites: int
    tasks: int
    weight: int
    share: float
    """Of everything that is not rewritten, between 0 and 1."""


def blockers(plan: Plan) -> list[Blocker]:
    """Return the files that keep something, those that keep most first."""
    causes = {fate.key: fate for fate in plan.tasks if not fate.converted}
    weights: dict[str, int] = {}
    sites: dict[str, int] = {}
    for site, rewritten in counted(plan):
        if rewritten:
            continue
        path = _path(site, {key: fate.cause_place for key, fate in causes.items()})
        weights[path] = weights.get(path, 0) + (TEST if site.is_test else PRODUCTION)
        sites[path] = sites.get(path, 0) + 1
    tasks: dict[str, int] = {}
    for fate in causes.values():
        path = fate.cause_place.rpartition(":")[0]
        tasks[path] = tasks.get(path, 0) + 1
    total = sum(weights.values())
    found = [
        Blocker(path, sites[path], tasks.get(path, 0), weight, weight / total)
        for path, weight in weights.items()
    ]
    return sorted(found, key=lambda blocker: (-blocker.weight, blocker.path))


def most(found: list[Blocker]) -> tuple[int, int]:
    """Return how many of the files block most of the rest, and how many per cent that is."""
    share = 0.0
    for count, blocker in enumerate(found, 1):
        share += blocker.share
        if share >= _MOST - 1e-9:
            return count, int(share * 100 + 1e-9)
    return 0, 0


def sentence(found: list[Blocker]) -> str:
    """Return the finding in words, nothing when everything is rewritten."""
    count, percent = most(found)
    if not count:
        return ""
    files = "1 file blocks" if count == 1 else f"{count} files block"
    return f"{files} {percent} % of the rest."


def _path(site: Site, causes: dict[str, str]) -> str:
    """Return the file to look at: where a task is kept, else where the site is."""
    if not site.blocks and not site.declined:
        for key in site.tasks:
            if key in causes:
                return causes[key].rpartition(":")[0]
    return site.path
