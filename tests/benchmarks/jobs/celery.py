"""Tasks of Celery, on Redis."""

from __future__ import annotations

from celery import Celery

from tests.services import REDIS

from ..space import name
from . import bodies

app = Celery("bench", broker=f"redis://{REDIS.host}:{REDIS.port}/0")
app.conf.broker_transport_options = {"global_keyprefix": f"{name()}:"}
app.conf.broker_connection_retry_on_startup = True

nothing = app.task(name="nothing", ignore_result=True)(bodies.nothing)
mark = app.task(name="mark", ignore_result=True)(bodies.mark)
