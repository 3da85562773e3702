"""A database of its own in a MariaDB or MySQL server."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from random import Random
from typing import Any, Self

from tests import settings as suite
from tests.services import MARIADB

# Updates fail while the table chaos_fault names a reason. A table without transactions counts
# them: it keeps what a failed statement did.
FAULTS = (
    "CREATE TABLE chaos_fault (code int)",
    "CREATE TABLE chaos_raised (code int) ENGINE = MyISAM",
    """
    CREATE TRIGGER chaos_raise BEFORE UPDATE ON bridge_task FOR EACH ROW
    BEGIN
        DECLARE reason int;
        SET reason = (SELECT code FROM chaos_fault ORDER BY rand() LIMIT 1);
        IF reason IS NOT NULL AND rand() < 0.05 THEN
            INSERT INTO chaos_raised VALUES (reason);
            SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = reason, MESSAGE_TEXT = 'chaos';
        END IF;
    END""",
)
DISK_FULL, LOCK_WAIT, DEADLOCK = 1021, 1205, 1213
GONE = 1094
"""What KILL answers when the connection has ended by itself."""


class Mariadb:
    """MariaDB on loopback; creates the database on entry and drops it on exit."""

    name = "mariadb"

    def __init__(self) -> None:
        self.database = f"bridge_chaos_{secrets.token_hex(6)}"
        self.settings: dict[str, Any] = {**suite.DATABASES["mariadb"], "NAME": self.database}
        self._faults_ready = False

    def __enter__(self) -> Self:
        self._execute(f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4", database="mysql")
        return self

    def __exit__(self, *exception: object) -> None:
        self._execute(f"DROP DATABASE {self.database}", database="mysql")

    def terminate(self, chance: Random) -> int:
        """Terminate some of the connections; return how many."""
        connections = self._execute(
            "SELECT id FROM information_schema.processlist "
            "WHERE db = database() AND id <> connection_id()"
        )
        victims = [number for (number,) in connections if chance.random() < 0.6]
        return sum(self._kill(number) for number in victims)

    @contextmanager
    def failing(self, pids: Iterable[int]) -> Iterator[None]:
        """Let updates of the ledger fail at random for everybody."""
        if not self._faults_ready:
            for statement in FAULTS:
                self._execute(statement)
            self._faults_ready = True
        self._execute(f"INSERT INTO chaos_fault VALUES ({DISK_FULL}), ({LOCK_WAIT}), ({DEADLOCK})")
        yield
        self._execute("DELETE FROM chaos_fault")

    def failed(self) -> int:
        """Return how many updates have failed on purpose."""
        ((count,),) = self._execute("SELECT count(*) FROM chaos_raised")
        return int(count)

    def _kill(self, number: int) -> bool:
        import MySQLdb

        try:
            self._execute(f"KILL CONNECTION {number}")
        except MySQLdb.OperationalError as error:
            if error.args[0] != GONE:
                raise
            return False
        return True

    def _execute(self, sql: str, *, database: str | None = None) -> tuple[tuple[Any, ...], ...]:
        import MySQLdb

        connection = MySQLdb.connect(
            host=MARIADB.host,
            port=MARIADB.port,
            user=MARIADB.user,
            database=database or self.database,
            autocommit=True,
            **suite.PLAIN,
        )
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchall())
