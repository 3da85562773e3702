"""A plan in the format that was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator

from codemods.engine.plan import Migration, Plan, Request


def render(name: str, migration: Migration, request: Request, plan: Plan) -> Iterator[str]:
    """Yield the lines of a plan as `json`, `markdown`, `sarif` or `github`."""
    # Each format is imported by those who ask for it.
    if name == "json":
        from codemods.engine.planfile.document import document

        yield json.dumps(document(migration, request, plan), indent=2, ensure_ascii=False)
    elif name == "markdown":
        from codemods.engine.formats.markdown import markdown

        yield from markdown(migration, plan)
    elif name == "sarif":
        from codemods.engine.formats.sarif import sarif

        yield json.dumps(sarif(migration, plan), indent=2, ensure_ascii=False)
    elif name == "github":
        from codemods.engine.formats.github import github

        yield from github(plan)
    else:
        raise ValueError(f"{name!r} is not a format.")
