"""One UPDATE of many rows, each with values of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from bridge.ledger.ending import Ending

KEEP: Final = object()
"""The value of a column that stays as it is."""


class Cases:
    """The SET clause, column by column: what most rows get, and by id what the others get.

    A join with the new values would compare texts of two collations, the connection's and the
    table's, which these servers refuse; and they might read the table first, and lock it all.
    """

    def __init__(self, endings: Sequence[Ending]) -> None:
        self._endings = endings
        self._columns: list[str] = []
        self.parameters: list[Any] = []

    @property
    def sql(self) -> str:
        """Return the assignments."""
        return ", ".join(self._columns)

    def set(self, column: str, value_of: Callable[[Ending], Any]) -> None:
        """Give each row its value, which may be KEEP."""
        values = [value_of(ending) for ending in self._endings]
        ((usual, _),) = Counter(values).most_common(1)
        branches = ""
        for ending, value in zip(self._endings, values, strict=True):
            if value != usual:
                self.parameters.append(ending.id.hex)
                branches += f" WHEN %s THEN {self._term(column, value)}"
        if branches:
            rest = self._term(column, usual)
            self._columns.append(f"{column} = CASE id{branches} ELSE {rest} END")
        elif usual is not KEEP:
            self._columns.append(f"{column} = {self._term(column, usual)}")

    def _term(self, column: str, value: Any) -> str:
        if value is KEEP:
            return column
        self.parameters.append(value)
        return "%s"
