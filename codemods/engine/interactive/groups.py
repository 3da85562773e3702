"""The sites of a plan that are decided together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codemods.engine.site import Kind, Site


@dataclass(frozen=True, slots=True)
class Group:
    """Sites whose tasks are converted together, or the other sites of one file."""

    name: str
    sites: tuple[Site, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of its sites."""
        return frozenset(site.id for site in self.sites if site.id)


def groups_of(sites: Iterable[Site]) -> list[Group]:
    """Return what can be answered by yes or no, in the order of the files.

    Tasks that a site has in common belong together. Where only a person can do something, there
    is nothing to ask.
    """
    sites = sorted(sites)
    leaders: dict[str, str] = {}

    def leader(key: str) -> str:
        while (up := leaders.setdefault(key, key)) != key:
            key = up
        return key

    for site in sites:
        for task in site.tasks[1:]:
            leaders[leader(task)] = leader(site.tasks[0])
    members: dict[str, list[Site]] = {}
    for site in sites:
        key = leader(site.tasks[0]) if site.tasks else f" {site.path}"
        members.setdefault(key, []).append(site)
    return [
        Group(_name(found), tuple(found))
        for found in members.values()
        if any(site.kind is not Kind.PERSON for site in found)
    ]


def _name(sites: list[Site]) -> str:
    tasks = sorted({task for site in sites for task in site.tasks})
    return ", ".join(tasks) if tasks else sites[0].path
