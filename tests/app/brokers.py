"""Celery apps on real brokers, whose workers take messages only when a test lets them."""

from __future__ import annotations

import json
import os
from typing import Any

from celery import Celery
from celery.worker.control import control_command

MODULES = [
    f"tests.app.{name}"
    for name in (
        "celery_style",
        "controlled",
        "hooks",
        "overruns",
        "promises",
        "retries",
        "tasks",
        "transactional",
        "unique",
    )
]
redis_prefork = Celery("redis_prefork")
redis_threads = Celery("redis_threads")
rabbitmq_prefork = Celery("rabbitmq_prefork")
rabbitmq_threads = Celery("rabbitmq_threads")
for app in (redis_prefork, redis_threads, rabbitmq_prefork, rabbitmq_threads):
    app.conf.update(
        imports=MODULES,
        task_default_queue="default",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        # The process that starts a worker says where its broker is.
        **json.loads(os.environ.get("BRIDGE_SUITE_BROKER", '{"broker_url": "memory://"}')),
    )


@control_command(args=[("queues", list[str])])
def serve(state: Any, queues: list[str]) -> str:
    """Begin to take messages."""
    for queue in queues:
        state.consumer.add_task_queue(queue)
    return "serving"


@control_command(args=[("queues", list[str])])
def rest(state: Any, queues: list[str]) -> str:
    """Take no more messages."""
    for queue in queues:
        state.consumer.cancel_task_queue(queue)
    return "resting"
