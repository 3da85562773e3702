"""The databases that chaos meets, and how each can be hurt from outside."""

from __future__ import annotations

from tests.process.chaos.databases.mariadb import Mariadb
from tests.process.chaos.databases.postgres import Postgres
from tests.process.chaos.databases.sqlite import Sqlite

__all__ = ["Database", "Mariadb", "Postgres", "Server", "Sqlite"]

Server = Postgres | Mariadb
"""A database with connections that somebody can end."""

Database = Sqlite | Server
