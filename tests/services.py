"""The servers the tests talk to, on loopback, and whether they answer."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A server and the environment variable that moves it."""

    name: str
    port: int
    user: str = ""
    host: str = "127.0.0.1"

    def is_up(self) -> bool:
        """Say whether something listens there."""
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


POSTGRES = Service("PostgreSQL", int(os.environ.get("BRIDGE_POSTGRES_PORT", "5432")), "postgres")
MARIADB = Service("MariaDB", int(os.environ.get("BRIDGE_MYSQL_PORT", "3306")), "root")
REDIS = Service("Redis", int(os.environ.get("BRIDGE_REDIS_PORT", "6379")))
RABBITMQ = Service("RabbitMQ", int(os.environ.get("BRIDGE_RABBITMQ_PORT", "5672")), "guest")
REQUIRED = os.environ.get("BRIDGE_REQUIRE_SERVICES") == "1"
