"""Settings of the test suite: SQLite always, PostgreSQL and MariaDB when they answer."""

import os
import tempfile
from pathlib import Path

from tests.services import MARIADB, POSTGRES

# On loopback; PyMySQL would read every certificate of the system for each connection.
PLAIN = {"ssl_mode": "DISABLED"}
try:
    import MySQLdb  # noqa: F401
except ImportError:
    import pymysql  # the driver that needs neither headers nor a compiler

    pymysql.install_as_MySQLdb()
    PLAIN = {"ssl_disabled": True}

SECRET_KEY = "tests"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = ["django.contrib.contenttypes", "bridge", "tests.app"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_RUN = f"{os.getpid()}"
_FOLDER = Path(tempfile.gettempdir())

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _FOLDER / f"bridge-{_RUN}.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
        "TEST": {"NAME": _FOLDER / f"bridge-test-{_RUN}.sqlite3"},
    },
}
if POSTGRES.is_up():
    DATABASES["postgres"] = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": POSTGRES.host,
        "PORT": POSTGRES.port,
        "USER": POSTGRES.user,
        "NAME": "postgres",
        "TEST": {"NAME": f"bridge_test_{_RUN}"},
    }
if MARIADB.is_up():
    DATABASES["mariadb"] = {
        "ENGINE": "django.db.backends.mysql",
        "HOST": MARIADB.host,
        "PORT": MARIADB.port,
        "USER": MARIADB.user,
        "NAME": "mysql",
        "OPTIONS": PLAIN,
        "TEST": {"NAME": f"bridge_test_{_RUN}", "CHARSET": "utf8mb4"},
    }

TASKS = {"default": {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["default", "mail", "slow"]}}
