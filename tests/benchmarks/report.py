"""Tables of what was measured, with the ratio of our rate to each peer's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

from rich.console import Console
from rich.table import Table

from .records import Records
from .targets import US, Verdict, divide

HEADS = {
    "rate": "per s",
    "cpu_ms": "CPU ms",
    "db_cpu_ms": "db CPU ms",
    "commits": "commits",
    "wal": "WAL B",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "enqueue_ms": "of it enqueue()",
    "idle_cpu": "CPU %",
    "statements": "stmt/s",
    "first_mib": "first MiB",
    "last_mib": "last MiB",
}
MARKS = {True: "[green]kept[/]", False: "[red]missed[/]", None: "[dim]not measured[/]"}


def show(console: Console, records: Records, scenarios: Mapping[str, ModuleType]) -> None:
    """Print a table per scenario and the errors."""
    for name, scenario in scenarios.items():
        for cell in records.cells(name):
            console.print(f"\n[bold]{scenario.QUESTION}: {cell}[/]")
            console.print(table(records, name, cell, scenario.COLUMNS))
    for record in records.errors():
        where = f"{record.scenario} {record.cell}"
        console.print(f"[red]{where}: {record.peer} failed:[/] {record.error[-400:]}", markup=True)


def table(records: Records, scenario: str, cell: str, columns: Sequence[str]) -> Table:
    """Return a cell as a table: a row per peer, medians, the spread of the rate."""
    rate = columns[0] == "rate"
    made = Table()
    made.add_column("peer")
    if rate:
        made.add_column("we are", justify="right")
    for column in columns:
        made.add_column(HEADS.get(column, column), justify="right")
    if rate:
        made.add_column("min-max", justify="right")
    for row in rows(records, scenario, cell, columns, rate=rate):
        made.add_row(*row)
    return made


def rows(
    records: Records, scenario: str, cell: str, columns: Sequence[str], *, rate: bool
) -> Iterator[list[str]]:
    """Yield the texts of a table, without peers that have no figures."""
    ours = records.middle(scenario, cell, US, "rate")
    for peer in records.peers(scenario, cell):
        values = {c: records.middle(scenario, cell, peer, c) for c in columns}
        if all(value is None for value in values.values()):
            continue
        texts = [number(value) for value in values.values()]
        if rate:
            spread = records.values(scenario, cell, peer, "rate")
            texts.insert(0, times(divide(ours, values["rate"])))
            texts.append(f"{number(min(spread))}-{number(max(spread))}")
        yield [peer, *texts]


def promises(found: Sequence[Verdict]) -> Table:
    """Return the promises as a table."""
    made = Table("promise", title="What we promise", title_justify="left")
    made.add_column("wanted", justify="right")
    made.add_column("measured", justify="right")
    made.add_column("")
    for verdict in found:
        sign = "<=" if verdict.at_most else ">="
        wanted = f"{sign} {number(verdict.wanted)}"
        made.add_row(verdict.promise, wanted, number(verdict.measured), MARKS[verdict.kept])
    return made


def number(value: float | None) -> str:
    """Return a figure with three digits that matter."""
    if value is None:
        return "-"
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.3g}"


def times(ratio: float | None) -> str:
    """Return a ratio, as in 12.3x."""
    return "-" if ratio is None else f"{number(ratio)}x"
