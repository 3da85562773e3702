"""A plan as a JSON document."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from codemods.engine.plan import Migration, Plan, Request
from codemods.engine.planfile.blockers import blockers
from codemods.engine.planfile.readiness import PRODUCTION, TEST, Tally, tally, tally_by
from codemods.engine.site import Site
from codemods.engine.version import tool_version

SCHEMA = 1
APPLY, SKIP = "apply", "skip"


def document(migration: Migration, request: Request, plan: Plan) -> dict[str, Any]:
    """Return the plan as plain values, every list in a stable order."""
    sites = sorted([(site, False) for site in plan.sites] + [(site, True) for site in plan.kept])
    return {
        "schema": SCHEMA,
        "tool": migration.tool,
        "version": tool_version(),
        "request": request_values(request),
        "readiness": {
            "weights": {"production": PRODUCTION, "test": TEST},
            "all": _figures(tally(plan)),
            "apps": _all_figures(tally_by(plan, lambda site: site.app)),
            "queues": _all_figures(tally_by(plan, lambda site: site.queue)),
        },
        "blockers": [asdict(blocker) for blocker in blockers(plan)],
        "tasks": [asdict(fate) for fate in plan.tasks],
        "sites": [site_values(site, stays=stays) for site, stays in sites],
        "files": [
            {"path": path, "before": before, "after": after}
            for path, (before, after) in files(plan).items()
        ],
        "notes": [asdict(note) for note in plan.notes],
        "problems": [asdict(problem) for problem in plan.problems],
    }


def request_values(request: Request) -> dict[str, Any]:
    """Return what was asked for."""
    return {
        "paths": [path.as_posix() for path in request.paths],
        "exclude": list(request.exclude),
        "select": list(request.choice.select),
        "ignore": list(request.choice.ignore),
        "todo": request.todo,
        "options": {name: list(values) for name, values in sorted(request.options.items())},
    }


def site_values(site: Site, *, stays: bool) -> dict[str, Any]:
    """Return one site, with the decision a person may change."""
    return {
        "id": site.id,
        "decision": APPLY,
        "path": site.path,
        "line": site.line,
        "column": site.column,
        "code": site.code,
        "kind": site.kind.value,
        "reason": site.reason,
        "tasks": list(site.tasks),
        "app": site.app,
        "queue": site.queue,
        "test": site.is_test,
        "blocks": site.blocks,
        "stays": stays,
    }


def files(plan: Plan) -> dict[str, tuple[str | None, str | None]]:
    """Return the SHA-256 of every file involved before and after; None where there is none."""
    before: dict[str, str | None] = {file.label: file.sha256 for file in plan.files}
    after: dict[str, str] = {}
    for change in plan.changes:
        before[change.label] = None if change.before is None else digest(change.before)
        after[change.label] = digest(change.after)
    return {label: (before[label], after.get(label, before[label])) for label in sorted(before)}


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def _figures(figures: Tally) -> dict[str, Any]:
    return {"score": figures.score, "arithmetic": figures.arithmetic, **asdict(figures)}


def _all_figures(groups: dict[str, Tally]) -> dict[str, Any]:
    return {name: _figures(figures) for name, figures in groups.items()}
