import json
import os

from tests.process.celery.common import *  # noqa: F403
from tests.process.celery.common import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bridge"]
TASKS = {
    "default": {
        "BACKEND": "bridge.CeleryBackend",
        "QUEUES": ["default", "mail"],
        "OPTIONS": {
            "APP": "plant.celery.app",
            "ALIASES": {
                "garden.water": "plant.tasks.water",
                "garden.sprinkle": "garden.pour",
                "garden.pour": "plant.tasks.water",
            },
            "DATABASE": "ledger" if "PLANT_LEDGER" in os.environ else "default",
            "LEASE": float(os.environ.get("PLANT_LEASE", "30")),
            **json.loads(os.environ.get("PLANT_OPTIONS", "{}")),
        },
    },
    "db": {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["default", "mail"]},
}
