"""Settings of a Celery worker that shares the suite's database, as the suite's process has it."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["BRIDGE_SUITE_DB"]
TASKS = json.loads(os.environ["BRIDGE_SUITE_TASKS"])
LOGGING_CONFIG = None
