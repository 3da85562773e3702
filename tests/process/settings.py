"""Settings of the projects whose workers the process tests start."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

if "BRIDGE_DB_POSTGRES" in os.environ:
    DATABASES = {"default": {**DATABASES["postgres"], "NAME": os.environ["BRIDGE_DB_POSTGRES"]}}
elif "BRIDGE_DB_MARIADB" in os.environ:
    DATABASES = {"default": {**DATABASES["mariadb"], "NAME": os.environ["BRIDGE_DB_MARIADB"]}}
else:
    DATABASES = {"default": {**DATABASES["default"], "NAME": os.environ["BRIDGE_DB_SQLITE"]}}

TASKS = {
    "default": {
        "BACKEND": "bridge.DatabaseBackend",
        "QUEUES": ["default", "mail", "slow"],
        "OPTIONS": {"LEASE": 3},
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
