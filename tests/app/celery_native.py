"""A Celery app on Redis that keeps results, for the backend without a ledger."""

import os

from celery import Celery

from tests.services import REDIS

URL = f"redis://{REDIS.host}:{REDIS.port}/0"
PREFIX = f"bridge-native-{os.getpid()}:"

app = Celery("native", broker=URL, backend=URL, set_as_current=False)
app.conf.update(
    task_default_queue="default",
    broker_connection_retry_on_startup=False,
    broker_transport_options={"global_keyprefix": PREFIX},
    result_backend_transport_options={"global_keyprefix": PREFIX},
    result_extended=True,
)
