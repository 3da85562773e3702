"""Settings of a worker that deletes what has been finished for a week."""

from tests.process.settings import *  # noqa: F403
from tests.process.settings import TASKS

TASKS["default"]["OPTIONS"]["RETENTION"] = {"SUCCESSFUL": "7d", "FAILED": "7d"}
