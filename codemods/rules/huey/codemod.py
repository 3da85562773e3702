"""What the command line is told about this codemod, before it is known that it has work."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from codemods.engine.files import python_files
from codemods.engine.option import Option
from codemods.engine.plan import Plan, Request
from codemods.engine.site import Rule
from codemods.rules.huey.names import TOOL, TRACES


class HueyMigration:
    """The codemod from Huey to django.tasks."""

    tool = TOOL
    library = "Huey"
    section = "huey"
    options: tuple[Option, ...] = ()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, by code."""
        from codemods.rules.huey.registry import RULES

        return RULES

    def plan(self, request: Request) -> Plan:
        """Read the project and say what to do. Raises MissingPath."""
        files = python_files(request.paths, request.exclude)
        if not any(TRACES.search(path.read_bytes()) for path in files):
            return Plan(looked_at=len(files), found=False)
        # Defer: a hook that runs on every commit does not wait for LibCST when nothing matches.
        from codemods.rules.huey.migration import make_plan

        return make_plan(request)

    def explain_site(self, request: Request, path: Path, line: int) -> Iterator[str]:
        """Yield how the names of a line are understood and what is decided there, and why."""
        from codemods.rules.huey.explain import explain_site

        return explain_site(request, path, line)
