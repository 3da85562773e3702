"""A place of one's own in the brokers that all tests share."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.services import RABBITMQ, REDIS


@contextmanager
def redis_prefix() -> Iterator[tuple[str, str]]:
    """Give a URL of Redis and a prefix of keys, which are deleted afterwards."""
    import redis

    prefix = f"plant-{secrets.token_hex(6)}:"
    url = f"redis://{REDIS.host}:{REDIS.port}/9"
    yield url, prefix
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


@contextmanager
def virtual_host() -> Iterator[str]:
    """Give the URL of a virtual host in RabbitMQ, which is deleted afterwards."""
    name = f"plant-{secrets.token_hex(6)}"
    for command in (
        ["add_vhost", name],
        ["set_permissions", "-p", name, RABBITMQ.user, ".*", ".*", ".*"],
    ):
        subprocess.run(["rabbitmqctl", *command], check=True, capture_output=True, timeout=60)
    yield f"amqp://{RABBITMQ.user}:guest@{RABBITMQ.host}:{RABBITMQ.port}/{name}"
    subprocess.run(["rabbitmqctl", "delete_vhost", name], check=True, timeout=60)
