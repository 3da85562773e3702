from tests.process.huey.common import *  # noqa: F403
