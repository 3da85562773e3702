"""Settings of the smallest project that can use an installed wheel."""

from pathlib import Path

SECRET_KEY = "only for this check"
INSTALLED_APPS = ["bridge"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).resolve().parent / "db.sqlite3",
    }
}
TASKS = {"default": {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["default"]}}
