"""What the viewer sees: numbered steps, tables, excerpts of code."""

import difflib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from .audit import Audit, Count

WIDTH = 100
INDENT = 5


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
        self.console.print(Padding(text, (0, 0, 0, 3), expand=False))

    def command(self, text: str) -> None:
        self.console.print(f"   [bold cyan]$ {text}[/]")

    def output(self, text: str) -> None:
        """Print what a program wrote, indented and unstyled."""
        self.indented(Text(text.rstrip(), style="dim"))

    def indented(self, content: RenderableType, margin: int = 0) -> None:
        self.console.print(Padding(content, (margin, 0, margin, INDENT), expand=False))

    def diff(self, before: Path, after: Path, name: str, *, lines: int) -> None:
        """Print the first `lines` of how a file changed."""
        old, new = ((folder / name).read_text().splitlines() for folder in (before, after))
        changes = islice(difflib.unified_diff(old, new, name, name, n=1, lineterm=""), lines)
        code = Syntax("\n".join(changes), "diff", theme="ansi_dark", background_color="default")
        self.indented(code)

    def who_ran_what(
        self, audit: Audit, senders: Mapping[str, str], workers: Mapping[str, str]
    ) -> None:
        """Print a row per kind of work: how much of each sender's batch each worker ran."""
        table = Table(title="Who sent it, and who ran it", title_justify="left")
        table.add_column("work", no_wrap=True)
        for sender in senders:
            for worker in workers:
                table.add_column(f"sent by {sender}\nrun by {worker}", justify="right")
        counts = [
            (audit.by_kind(label), name) for label in senders.values() for name in workers.values()
        ]
        for kind in sorted({kind for count, _ in counts for kind, _ in count}):
            table.add_row(kind, *(str(count[kind, name]) for count, name in counts))
        table.add_section()
        totals = [audit.ran(label, name) for label in senders.values() for name in workers.values()]
        table.add_row("all", *map(str, totals), style="bold")
        self.indented(table, margin=1)

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
        self.indented(table, margin=1)

    @staticmethod
    def row(table: Table, label: str, count: Count, style: str = "") -> None:
        bad = [f"[red]{n}[/]" if n else "0" for n in (count.twice, count.lost)]
        table.add_row(label, str(count.sent), str(count.run), *bad, style=style)
