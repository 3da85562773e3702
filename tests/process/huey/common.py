"""What the settings of old and new code share; a test gives the rest by environment."""

import os
from pathlib import Path

from tests.services import POSTGRES, REDIS
from tests.settings import DATABASES

SECRET_KEY = "tests"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = ["django.contrib.contenttypes", "huey.contrib.djhuey", "tests.app", "plant"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {**DATABASES["default"], "NAME": os.environ["PLANT_DB"]}}
LOGGING_CONFIG = None

STORAGES = {
    "sqlite": {
        "huey_class": "huey.SqliteHuey",
        "filename": str(Path(os.environ["PLANT_FOLDER"]) / "huey.db"),
    },
    "redis": {
        "huey_class": "huey.PriorityRedisHuey",
        "connection": {
            "host": REDIS.host,
            "port": int(os.environ.get("PLANT_PORT", REDIS.port)),
            "db": 9,
        },
    },
    "postgres": {
        "huey_class": "huey.PostgresHuey",
        "table_prefix": os.environ.get("PLANT_NAME"),
        "dsn": f"host={POSTGRES.host} port={POSTGRES.port} user={POSTGRES.user} dbname=postgres",
    },
}
HUEY = {
    **STORAGES[os.environ["PLANT_STORAGE"]],
    "name": os.environ.get("PLANT_NAME", "plant"),
    "immediate": False,
}
