"""Between a row and what a driver gives, as Django's fields convert it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.db.models.base import ModelState

from bridge.ledger.models import TaskRow

Fields: TypeAlias = Sequence[Any]

FIELDS = TaskRow._meta.concrete_fields

WAITING_FIELDS = [
    TaskRow._meta.get_field(name)
    for name in (
        *("id", "lane", "queue_name", "priority"),
        *("limits", "expires_at", "cancel_requested_at"),
    )
]
"""What says whether a row under limits may start."""


def columns(prefix: str = "", fields: Fields = FIELDS) -> str:
    """Return the columns of a row, in the order that decode() expects."""
    return ", ".join(f"{prefix}{field.column}" for field in fields)


def read(cursor: CursorWrapper, rows: QuerySet[TaskRow]) -> list[TaskRow]:
    """Return rows, read through a cursor of any connection, in the order in which they run."""
    sql, parameters = rows.query.get_compiler(connection=cursor.db).as_sql()
    cursor.execute(sql, parameters)
    return decode(cursor.db, cursor.fetchall())


def decode(
    connection: BaseDatabaseWrapper, records: Iterable[Sequence[Any]], fields: Fields = FIELDS
) -> list[TaskRow]:
    """Return the rows of records of `columns()`, in the order in which they are to run."""
    conversions = list(_conversions(connection, fields))
    names = [field.attname for field in fields]
    rows = []
    for record in records:
        values = list(record)
        for index, expression, converters in conversions:
            if (value := values[index]) is not None:  # what most columns of most rows are
                for convert in converters:
                    value = convert(value, expression, connection)
                values[index] = value
        rows.append(_row(connection.alias, names, values))
    rows.sort(key=lambda row: (-row.priority, row.id))
    return rows


def _row(alias: str, names: list[str], values: list[Any]) -> TaskRow:
    """Do what TaskRow.from_db() does, without the detours it takes for other models."""
    row = TaskRow.__new__(TaskRow)
    state = ModelState()
    state.adding = False
    state.db = alias
    vars(row).update(zip(names, values, strict=True), _state=state)
    return row


def _conversions(
    connection: BaseDatabaseWrapper, fields: Fields
) -> Iterator[tuple[int, Any, list[Callable[..., Any]]]]:
    for index, field in enumerate(fields):
        expression = field.get_col(TaskRow._meta.db_table)
        converters = connection.ops.get_db_converters(expression)
        converters = [*converters, *expression.get_db_converters(connection)]
        if converters:
            yield index, expression, converters
