"""Between a row and what a driver gives, as Django's fields convert it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from bridge.ledger.models import TaskRow

FIELDS = TaskRow._meta.concrete_fields
NAMES = [field.attname for field in FIELDS]


def columns(prefix: str = "") -> str:
    """Return the columns of a row, in the order that decode() expects."""
    return ", ".join(f"{prefix}{field.column}" for field in FIELDS)


def decode(connection: BaseDatabaseWrapper, records: Iterable[Sequence[Any]]) -> list[TaskRow]:
    """Return the rows of records of `columns()`, in the order in which they are to run."""
    conversions = list(_conversions(connection))
    rows = []
    for record in records:
        values = list(record)
        for index, expression, converters in conversions:
            for convert in converters:
                values[index] = convert(values[index], expression, connection)
        rows.append(TaskRow.from_db(connection.alias, NAMES, values))
    rows.sort(key=lambda row: (-row.priority, row.id))
    return rows


def _conversions(
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[int, Any, list[Callable[..., Any]]]]:
    for index, field in enumerate(FIELDS):
        expression = field.get_col(TaskRow._meta.db_table)
        converters = connection.ops.get_db_converters(expression)
        converters = [*converters, *expression.get_db_converters(connection)]
        if converters:
            yield index, expression, converters
