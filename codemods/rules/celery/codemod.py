"""What the command line is told about this codemod, before it is known that it has work."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from codemods.engine.files import python_files
from codemods.engine.option import Option
from codemods.engine.plan import Plan, Request
from codemods.engine.site import Rule
from codemods.rules.celery.names import TOOL, TRACES


class CeleryMigration:
    """The codemod from Celery to django.tasks."""

    tool = TOOL
    library = "Celery"
    section = "celery"
    options = (
        Option(
            name="broker",
            choices=("amqp", "redis"),
            help="Which broker's priority numbers the code uses. Default: read from the settings.",
        ),
        Option(
            name="target",
            choices=("bridge", "django"),
            help="What new code imports: the bridge and its policies, or django.tasks alone. "
            "Default: bridge.",
        ),
        Option(
            name="facade",
            flag=True,
            help="Only change imports to compat.celery.facade, and write TASKS.",
        ),
        Option(
            name="celery-app",
            key="celery-apps",
            metavar="DOTTED",
            multiple=True,
            help="Where a Celery app is that the code does not show.",
        ),
    )

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, by code."""
        from codemods.rules.celery.registry import RULES

        return RULES

    def plan(self, request: Request) -> Plan:
        """Read the project and say what to do. Raises MissingPath."""
        files = python_files(request.paths, request.exclude)
        named = request.text("celery-app") is not None
        if not named and not any(TRACES.search(path.read_bytes()) for path in files):
            return Plan(looked_at=len(files), found=False)
        # Defer: a hook that runs on every commit does not wait for LibCST when nothing matches.
        from codemods.rules.celery.migration import make_plan

        return make_plan(request)

    def explain_site(self, request: Request, path: Path, line: int) -> Iterator[str]:
        """Yield how the names of a line are understood and what is decided there, and why."""
        from codemods.rules.celery.explain import explain_site

        return explain_site(request, path, line)
