"""Apply a plan: ask, prove, write, and let the project's tests judge."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import click

from codemods.engine.cli.making import make_plan
from codemods.engine.cli.progress import clear
from codemods.engine.plan import Migration, Plan, Request
from codemods.engine.safety import Safety
from codemods.engine.writing import Journal, Journals, home_of, undo, write
from codemods.engine.writing.write import linked

_BROKEN = 1


def apply_plan(
    migration: Migration, request: Request, plan: Plan, safety: Safety
) -> tuple[Plan, int]:
    """Return what became of the plan, and an exit code if it has to be another than usual.

    Raises WriteFailed.
    """
    if safety.interactive and plan.changes:
        request, plan = _chosen(migration, request, plan)
    plan = _proven(migration, request, plan, safety)
    if not plan.changes:
        return plan, 0
    if not safety.test_cmd:
        _write(plan, request.paths, migration.tool)
        return plan, 0
    return _judged(migration, request, plan, safety)


def _chosen(migration: Migration, request: Request, plan: Plan) -> tuple[Request, Plan]:
    from codemods.engine.interactive import Session

    declined = Session(plan, migration.rules).run()
    if not declined:
        return request, plan
    choice = replace(request.choice, skipped=request.choice.skipped | declined)
    request = replace(request, choice=choice)
    return request, make_plan(migration, request)


def _proven(migration: Migration, request: Request, plan: Plan, safety: Safety) -> Plan:
    if not plan.changes:
        return plan
    from codemods.engine.proof import prove
    from codemods.engine.stack import with_deep_stack

    again = not safety.no_verify
    try:
        proof = with_deep_stack(lambda: prove(migration, request, plan, again=again))
    finally:
        clear(request.progress)
    for name in proof.skipped:
        click.echo(
            f"{migration.tool}: {name} has syntax that this Python does not know: it was parsed, "
            "not compiled.",
            err=True,
        )
    return proof.plan


def _write(plan: Plan, paths: tuple[Path, ...], tool: str) -> Journal | None:
    names = linked(plan.changes)
    journal = write(plan.changes, Journals(home_of(paths)), tool)
    for name in names:
        click.echo(
            f"{tool}: {name} had a second name (a hard link), which keeps the old content.",
            err=True,
        )
    if journal is not None:
        click.echo(f"{tool}: run {journal.run} is recorded; --undo takes it back.", err=True)
    return journal


def _judged(migration: Migration, request: Request, plan: Plan, safety: Safety) -> tuple[Plan, int]:
    from codemods.engine.gate import Comparison, run_tests

    tool = migration.tool
    click.echo(f"{tool}: running {safety.test_cmd!r} before the change", err=True)
    before = run_tests(safety.test_cmd, safety.junit)
    click.echo(f"{tool}: {before.said}", err=True)
    journal = _write(plan, request.paths, tool)
    click.echo(f"{tool}: running {safety.test_cmd!r} after the change", err=True)
    try:
        comparison = Comparison(before, run_tests(safety.test_cmd, safety.junit))
    except KeyboardInterrupt:
        click.echo(f"{tool}: the tests were interrupted; the change is in place.", err=True)
        return plan, 128 + signal.SIGINT
    for line in comparison.lines():
        click.echo(line, err=True)
    if not comparison.failed:
        return plan, 0
    if safety.test_cmd_undo and journal is not None:
        undo(journal)
        click.echo(f"{tool}: the files are as they were before run {journal.run}.", err=True)
        return replace(plan, changes=()), _BROKEN
    click.echo(f"{tool}: the change is in place; --undo takes it back.", err=True)
    return plan, _BROKEN
