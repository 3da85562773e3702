"""How carefully files are written: the options for it, and taking a run back."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from codemods.engine.cli.progress import clear
from codemods.engine.plan import Migration, Plan, Request
from codemods.engine.writing import Journals, State, home_of, undo, write
from codemods.engine.writing.write import linked

_LAST = ""


def safety_options() -> list[click.Parameter]:
    """Return the options that say how files are written."""
    return [
        click.Option(
            ["--undo"],
            is_flag=False,
            flag_value=_LAST,
            default=None,
            metavar="[RUN]",
            help="Put back the files that the last run, or this one, changed.",
        ),
        click.Option(["--force"], is_flag=True, help="With --undo: also files edited since."),
        click.Option(
            ["--keep"], is_flag=True, help="Leave the files of a killed run as they are, and go on."
        ),
        click.Option(
            ["--no-verify"], is_flag=True, help="Do not prove that a second run changes nothing."
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What the command line says about writing."""

    undo: str | None
    force: bool
    keep: bool
    no_verify: bool

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Safety:
        """Remove these options from those of the command."""
        return cls(**{name: options.pop(name) for name in cls.__slots__})

    def prepare(self, paths: tuple[Path, ...]) -> None:
        """Deal with a run that was killed. Raises Unfinished unless it is to be kept."""
        journals = Journals(home_of(paths))
        if self.keep:
            for journal in journals.keep():
                click.echo(f"The files of run {journal.run} stay as they are.", err=True)
        journals.require_finished()

    def undo_run(self, paths: tuple[Path, ...]) -> None:
        """Put a run's files back and say which. Raises WriteFailed."""
        journals = Journals(home_of(paths))
        journal = journals.find(self.undo or None)
        if journal.state is State.UNDONE:
            click.echo(f"Run {journal.run} is undone already.")
            earlier = [run.run for run in journals.all() if run.state is State.DONE]
            if earlier:
                click.echo(f"The one before it: --undo {earlier[-1]}")
            return
        names = undo(journal, force=self.force)
        for name in names:
            click.echo(f"  {name}")
        click.echo(f"Run {journal.run} is undone: {len(names)} files are as they were.")


def proven(migration: Migration, request: Request, plan: Plan, safety: Safety) -> Plan:
    """Return what of the plan is proven."""
    if not plan.changes:
        return plan
    from codemods.engine.proof import prove
    from codemods.engine.stack import with_deep_stack

    try:
        proof = with_deep_stack(lambda: prove(migration, request, plan, again=not safety.no_verify))
    finally:
        clear(request.progress)
    for name in proof.skipped:
        version = ".".join(map(str, sys.version_info[:2]))
        click.echo(
            f"{migration.tool}: {name} has syntax that Python {version} does not know: it was "
            "parsed, not compiled.",
            err=True,
        )
    return proof.plan


def write_plan(plan: Plan, paths: tuple[Path, ...], tool: str) -> None:
    """Write the files of a plan and say how to take them back. Raises WriteFailed."""
    names = linked(plan.changes)
    journal = write(plan.changes, Journals(home_of(paths)), tool)
    for name in names:
        click.echo(
            f"{tool}: {name} had a second name (a hard link), which keeps the old content.",
            err=True,
        )
    if journal is not None:
        click.echo(f"{tool}: run {journal.run} is recorded; --undo takes it back.", err=True)
