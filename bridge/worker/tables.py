"""Whether the ledger's tables are what this code expects."""

from __future__ import annotations

from django.db import DatabaseError, OperationalError, connections

from bridge.ledger.models import PauseRow, TaskRow, WorkerRow


def find_fault(database: str) -> str | None:
    """Say what keeps a worker from using this database, None when it is fine or away.

    A database that is away comes back; a missing table does not, and looks the same on SQLite.
    """
    connection = connections[database]
    try:
        connection.ensure_connection()
    except OperationalError:
        return None
    if not connection.features.has_select_for_update_skip_locked and connection.vendor == "mysql":
        return f"Database {database!r} has no SKIP LOCKED. Use MySQL 8.0 or MariaDB 10.6, or newer."
    for model in (TaskRow, WorkerRow, PauseRow):
        table = model._meta.db_table
        try:
            with connection.cursor() as cursor:
                found = connection.introspection.get_table_description(cursor, table)
        except DatabaseError:
            found = []
        missing = {str(field.column) for field in model._meta.concrete_fields} - {
            c.name for c in found
        }
        if missing:
            return (
                f"Table {table!r} in database {database!r} "
                f"{f'lacks {min(missing)!r}' if found else 'does not exist'}. Run manage.py "
                f"migrate --database {database} first."
            )
    return None
