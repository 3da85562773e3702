"""Settings of the benchmark: the database queue on SQLite beside Django's own immediate backend."""

import os
from importlib.util import find_spec

SECRET_KEY = "benchmark"
USE_TZ = True
INSTALLED_APPS = ["bridge"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("BENCHMARK_DB", ":memory:"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }
}
DJANGO_TASKS = "django.tasks" if find_spec("django.tasks") else "django_tasks"
TASKS = {
    "default": {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["default"]},
    "immediate": {
        "BACKEND": f"{DJANGO_TASKS}.backends.immediate.ImmediateBackend",
        "QUEUES": ["default"],
    },
}
