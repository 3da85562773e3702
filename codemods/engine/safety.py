"""How carefully files are written: the options for it, and what they do to earlier runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from codemods.engine.writing import Journals, State, home_of, undo

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
        click.Option(["-i", "--interactive"], is_flag=True, help="Ask about each task."),
        click.Option(
            ["--test-cmd"],
            default="",
            metavar="COMMAND",
            help="Run it before and after; exit 1 when tests fail that did not.",
        ),
        click.Option(
            ["--test-cmd-undo"], is_flag=True, help="With --test-cmd: put the files back then."
        ),
        click.Option(
            ["--junit"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="With --test-cmd: read what failed from the JUnit report it writes here.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What the command line says about writing."""

    undo: str | None
    force: bool
    keep: bool
    no_verify: bool
    interactive: bool
    test_cmd: str
    test_cmd_undo: bool
    junit: Path | None

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
