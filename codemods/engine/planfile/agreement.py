"""Whether a plan made now is the one that was reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from codemods.engine.errors import Unusable
from codemods.engine.plan import Plan
from codemods.engine.planfile.document import digest, files, site_values
from codemods.engine.planfile.reviewed import Reviewed

_SHOWN = 10
_COMPARED = ("id", "path", "line", "code", "kind", "reason", "tasks", "stays")
_AGAIN = "Make the plan again (decisions are kept when it is written to the same file)"


def require_unchanged(reviewed: Reviewed) -> None:
    """Refuse everything when a file is not what it was. Raises Unusable.

    Tasks reach across files, and which of them can be converted follows from all of these
    together: without one file the others would be rewritten by a plan nobody has read.
    """
    changed = []
    for label, (before, _) in reviewed.hashes.items():
        now = _now(label, reviewed.request.paths)
        if now != before:
            changed.append(label if now is not None else f"{label} (is not there)")
    if changed:
        raise Unusable(
            f"{_count(changed, 'file')} changed since {reviewed.file} was made, "
            f"so nothing was applied:\n{_list(changed)}\n{_AGAIN}."
        )


def require_same_sites(reviewed: Reviewed, plan: Plan) -> None:
    """Refuse a plan with other sites or other bytes than the reviewed one. Raises Unusable."""
    there = {_key(site): site for site in reviewed.sites}
    now = {_key(site): site for site in _values(plan)}
    differing = [
        *(f"gone: {_where(site)}" for key, site in there.items() if key not in now),
        *(f"new: {_where(site)}" for key, site in now.items() if key not in there),
    ]
    if not differing:
        hashes = files(plan)
        paths = sorted({*hashes, *reviewed.hashes})
        differing = [path for path in paths if hashes.get(path) != reviewed.hashes.get(path)]
    if differing:
        raise Unusable(
            f"what would happen now is not what {reviewed.file} says, so nothing was applied: a "
            "file came or went, or the plan was made by another version or edited by hand.\n"
            f"{_list(differing)}\n{_AGAIN}."
        )


def require_subset(reviewed: Reviewed, plan: Plan) -> None:
    """Refuse a plan that rewrites what was not reviewed or was skipped. Raises Unusable."""
    known = {site["id"] for site in reviewed.sites if not site["stays"]} - reviewed.skipped
    extra = [
        f"{site.where} {site.code} {site.reason}"
        for site in plan.sites
        if site.id not in known and site.kind != "person"
    ]
    if extra:
        raise Unusable(
            f"without the skipped sites other rewrites would be needed than {reviewed.file} has, "
            f"so nothing was applied:\n{_list(extra)}\nSkip less, or skip these, too."
        )


def _values(plan: Plan) -> Iterable[Mapping[str, Any]]:
    for site in plan.sites:
        yield site_values(site, stays=False)
    for site in plan.kept:
        yield site_values(site, stays=True)


def _now(label: str, paths: tuple[Path, ...]) -> str | None:
    """Return the hash of a file, which labels name from here or from one of the paths."""
    for base in (Path(), *paths, *(path.parent for path in paths)):
        try:
            return digest((base / label).read_bytes())
        except OSError:
            continue
    return None


def _key(site: Mapping[str, Any]) -> str:
    return repr([site[name] for name in _COMPARED])


def _where(site: Mapping[str, Any]) -> str:
    return f"{site['path']}:{site['line']} {site['code']} {site['reason']}"


def _count(items: list[str], noun: str) -> str:
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"


def _list(items: list[str]) -> str:
    lines = [f"  {item}" for item in items[:_SHOWN]]
    if len(items) > _SHOWN:
        lines.append(f"  and {len(items) - _SHOWN} more")
    return "\n".join(lines)
