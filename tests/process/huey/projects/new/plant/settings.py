import os

from tests.process.huey.common import *  # noqa: F403
from tests.process.huey.common import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bridge"]
TASKS = {
    "default": {
        "BACKEND": "bridge.HueyBackend",
        "QUEUES": ["default", "mail"],
        "OPTIONS": {
            "ALIASES": {"plant.tasks.garden_water": "plant.tasks.water"},
            "LEASE": float(os.environ.get("PLANT_LEASE", "30")),
        },
    },
}
