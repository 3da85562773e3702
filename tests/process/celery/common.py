"""What the settings of old and new code share; a test gives the rest by environment."""

import json
import os
from pathlib import Path

from tests.process.chaos import clock
from tests.settings import DATABASES

SECRET_KEY = "tests"
USE_TZ = os.environ.get("PLANT_USE_TZ") != "0"
TIME_ZONE = os.environ.get("PLANT_TIMEZONE", "UTC")
INSTALLED_APPS = ["django.contrib.contenttypes", "tests.app"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if name := os.environ.get("PLANT_POSTGRES"):
    DATABASES = {"default": {**DATABASES["postgres"], "NAME": name, "CONN_MAX_AGE": 60}}
else:
    DATABASES = {"default": {**DATABASES["default"], "NAME": os.environ["PLANT_DB"]}}
if name := os.environ.get("PLANT_LEDGER"):
    DATABASES["ledger"] = {**DATABASES["default"], "NAME": name}
if seconds := os.environ.get("PLANT_CLOCK"):
    clock.shift(float(seconds))
LOGGING_CONFIG = None

CELERY_BROKER_URL = os.environ["PLANT_BROKER"]
CELERY_RESULT_BACKEND = os.environ.get("PLANT_RESULTS") or None
CELERY_TIMEZONE = os.environ.get("PLANT_TIMEZONE", "UTC")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_LOST_WAIT = 1
CELERY_TASK_TRACK_STARTED = True

if CELERY_BROKER_URL.startswith("filesystem:"):
    FOLDER = Path(os.environ["PLANT_FOLDER"])
    for name in ("messages", "control", "results"):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT = "tests.process.celery.filesystem:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(FOLDER / "messages"),
        "data_folder_out": str(FOLDER / "messages"),
        "control_folder": str(FOLDER / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
elif CELERY_BROKER_URL.startswith("redis:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "global_keyprefix": os.environ["PLANT_PREFIX"],
        **json.loads(os.environ.get("PLANT_REDIS", "{}")),
    }
    CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"global_keyprefix": os.environ["PLANT_PREFIX"]}

CELERY_BROKER_TRANSPORT_OPTIONS = {
    **globals().get("CELERY_BROKER_TRANSPORT_OPTIONS", {}),
    **json.loads(os.environ.get("PLANT_TRANSPORT", "{}")),
}

globals().update(json.loads(os.environ.get("PLANT_CELERY", "{}")))
