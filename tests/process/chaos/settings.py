"""Settings of the project that chaos is let loose on; the environment says the rest."""

import json
import os

from tests import settings as suite
from tests.process.chaos import clock

clock.shift(float(os.environ.get("CHAOS_CLOCK_OFFSET", "0")))

SECRET_KEY = "chaos"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = suite.INSTALLED_APPS
DEFAULT_AUTO_FIELD = suite.DEFAULT_AUTO_FIELD
DATABASES = {"default": json.loads(os.environ["CHAOS_DATABASE"])}
TASKS = {
    "default": {
        "BACKEND": "bridge.DatabaseBackend",
        "QUEUES": ["default", "mail", "slow"],
        "OPTIONS": {
            "LEASE": float(os.environ["CHAOS_LEASE"]),
            "MAX_LOSSES": int(os.environ["CHAOS_MAX_LOSSES"]),
        },
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django.tasks": {"level": "CRITICAL"}},  # what a task raises is in its row
}
