"""Make a plan with room to work and somebody watching."""

from __future__ import annotations

from codemods.engine.cli.progress import clear, stop
from codemods.engine.plan import Migration, Plan, Request


def make_plan(migration: Migration, request: Request) -> Plan:
    """Return the plan, made with room for deeply nested code."""
    from codemods.engine.stack import with_deep_stack

    try:
        return with_deep_stack(lambda: migration.plan(request))
    except BaseException:
        stop(request.progress)
        raise
    finally:
        clear(request.progress)
