"""What the viewer sees: numbered steps, tables, excerpts of code."""

import difflib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from .audit import Audit, Count

WIDTH = 100


def console() -> Console:
    """Return a console that is wide enough when the output goes to a file."""
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=WIDTH)


@dataclass(slots=True, kw_only=True)
class Screen:
    """Prints the story as it happens."""

    console: Console = field(default_factory=console)
    started: float = field(default_factory=time.monotonic)
    steps: int = 0

    def step(self, title: str) -> None:
        self.steps += 1
        self.console.print()
        self.console.rule(f"[bold]{self.steps}. {title}[/]  [dim]{self.elapsed():.0f} s[/]")

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def say(self, text: str) -> None:
        self.console.print(f"   {text}")

    def command(self, text: str) -> None:
        self.console.print(f"   [bold cyan]$ {text}[/]")

    def output(self, text: str) -> None:
        """Print what a program wrote, indented and unstyled."""
        for line in text.rstrip().splitlines():
            self.console.print(f"     {line}", style="dim", markup=False, overflow="fold")

    def diff(self, before: Path, after: Path, name: str, *, lines: int) -> None:
        """Print the first `lines` of how a file changed."""
        old, new = ((folder / name).read_text().splitlines() for folder in (before, after))
        changes = islice(difflib.unified_diff(old, new, name, name, n=1, lineterm=""), lines)
        code = Syntax("\n".join(changes), "diff", theme="ansi_dark", background_color="default")
        self.console.print(code)

    def who_ran_what(self, audit: Audit, senders: dict[str, str], workers: Sequence[str]) -> None:
        """Print a row per kind of work: how much of each sender's each worker ran."""
        table = Table("work", title="Who sent it, and who ran it", title_justify="left")
        columns = [(sender, worker) for sender in senders for worker in workers]
        for sender, worker in columns:
            table.add_column(f"sent by {sender}\nrun by {worker}", justify="right")
        counts = {sender: audit.by_kind(label) for sender, label in senders.items()}
        for kind in sorted({kind for count in counts.values() for kind, _ in count}):
            cells = [counts[sender][kind, worker] for sender, worker in columns]
            table.add_row(kind, *map(str, cells))
        totals = [
            sum(n for (_, by), n in counts[sender].items() if by == worker)
            for sender, worker in columns
        ]
        table.add_section()
        table.add_row("all", *map(str, totals), style="bold")
        self.console.print(table)

    def verdict(self, counts: Iterable[tuple[str, Count]]) -> None:
        """Print a row per batch: sent, run, run twice, lost."""
        table = Table(
            "what the shop's audit rows say", title="Every task, counted", title_justify="left"
        )
        for name in ("sent", "run", "run twice", "lost"):
            table.add_column(name, justify="right")
        *batches, (last, total) = counts
        for label, count in batches:
            self.row(table, label, count)
        table.add_section()
        self.row(table, last, total, style="bold")
        self.console.print(table)

    @staticmethod
    def row(table: Table, label: str, count: Count, style: str = "") -> None:
        bad = [f"[red]{n}[/]" if n else "0" for n in (count.twice, count.lost)]
        table.add_row(label, str(count.sent), str(count.run), *bad, style=style)
