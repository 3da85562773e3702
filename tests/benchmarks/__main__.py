"""Print what the codemod and the database queue cost, each beside a plain equivalent."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import codemod, queue


def main() -> None:
    """Measure on an otherwise idle machine; the ratios travel, the milliseconds do not."""
    console = Console(highlight=False)
    show(console, "The codemod, per run", codemod.measure())
    with tempfile.TemporaryDirectory(prefix="task-bridge-bench-") as folder:
        show(
            console,
            f"The queue on SQLite, per task ({queue.TASKS} tasks)",
            queue.measure(Path(folder)),
        )


def show(console: Console, title: str, rows: Iterable[tuple[str, float]]) -> None:
    """Print the rows, each with its ratio to the first."""
    table = Table("what", title=title, title_justify="left")
    table.add_column("ms", justify="right")
    table.add_column("ratio", justify="right")
    first = 0.0
    for what, spent in rows:
        first = first or spent
        table.add_row(what, milliseconds(spent), f"{spent / first:.1f}")
    console.print(table)


def milliseconds(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:.0f}" if value > 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
