from tests.process.celery.common import *  # noqa: F403
