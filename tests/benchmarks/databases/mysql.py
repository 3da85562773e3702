"""MariaDB or MySQL, through mysqlclient or, where it cannot be built, PyMySQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.services import MARIADB

from .base import Database


class MySQL(Database):
    """A database on the server on loopback."""

    kind = "mysql"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4", database="")

    def settings(self, port: int | None = None) -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.mysql",
            "NAME": self.name,
            "HOST": MARIADB.host,
            "PORT": port or MARIADB.port,
            "USER": MARIADB.user,
            "CONN_MAX_AGE": 600,
            "OPTIONS": {"charset": "utf8mb4"},
        }

    def reset(self) -> None:
        for (table,) in self._execute("SHOW TABLES"):
            if table != "django_migrations":
                self._execute(f"SET FOREIGN_KEY_CHECKS = 0; TRUNCATE `{table}`")

    def count(self, query: str) -> int:
        return int(self._execute(query)[0][0])

    def busy(self) -> bool:
        query = (
            "SELECT count(*) FROM information_schema.innodb_trx "
            "JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE db = database()"
        )
        return self.count(query) > 0

    def deadlocks(self) -> int:
        """Return how many deadlocks the server has seen."""
        rows = self._execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
        return int(rows[0][1]) if rows else 0

    def drop(self) -> None:
        self._execute(f"DROP DATABASE IF EXISTS `{self.name}`", database="")

    def _execute(self, query: str, database: str | None = None) -> list[tuple[Any, ...]]:
        import pymysql
        from pymysql.constants import CLIENT

        connection = pymysql.connect(
            host=MARIADB.host,
            port=MARIADB.port,
            user=MARIADB.user,
            database=self.name if database is None else None,
            autocommit=True,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
