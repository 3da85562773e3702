"""Brokers of our own, on free ports, to be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import pytest

from tests.process.project import wait_for
from tests.services import RABBITMQ, REDIS, REQUIRED, Service


class BrokerServer(ABC):
    """A server in a temporary folder. What it has confirmed survives kill()."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bridge-broker-"))
        self.port = free_port()
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return what leads the plant here."""

    @abstractmethod
    def command(self) -> tuple[list[str], dict[str, str]]:
        """Return the command that stays in the foreground, and its environment."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether it takes messages."""

    def start(self) -> None:
        """Start, and return once it takes messages."""
        command, environment = self.command()
        with (self.folder / "log").open("ab") as log:
            self._popen = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(self.answers, f"start of {command[0]}")

    def kill(self) -> None:
        """SIGKILL, as a crash or a lost machine would."""
        assert self._popen
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait(30)

    def restart(self, away: float) -> None:
        """Crash, stay away for some seconds, and start again."""
        self.kill()
        time.sleep(away)
        self.start()

    def destroy(self) -> None:
        """Stop and leave nothing behind."""
        if self._popen:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(BrokerServer):
    """Redis that writes each command to its disk before it answers."""

    @property
    def environment(self) -> dict[str, str]:
        url = f"redis://127.0.0.1:{self.port}/0"
        return {"PLANT_BROKER": url, "PLANT_PREFIX": "plant:"}

    def command(self) -> tuple[list[str], dict[str, str]]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [needed("redis-server", REDIS), *words], {}

    def answers(self) -> bool:
        import redis

        with suppress(redis.RedisError), redis.Redis(port=self.port) as client:
            return bool(client.ping())
        return False


class RabbitServer(BrokerServer):
    """A RabbitMQ node of its own, without plugins."""

    def __init__(self) -> None:
        super().__init__()
        self._distribution = free_port()

    @property
    def environment(self) -> dict[str, str]:
        return {"PLANT_BROKER": f"amqp://guest:guest@127.0.0.1:{self.port}//"}

    def command(self) -> tuple[list[str], dict[str, str]]:
        (self.folder / "plugins").write_text("[].\n")
        environment = {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_NODENAME": f"{self.folder.name}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
        }
        # The one on PATH changes to a user who may not read our folder.
        own = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        return [str(own) if own.exists() else needed("rabbitmq-server", RABBITMQ)], environment

    def answers(self) -> bool:
        import amqp

        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=1):
                return True
        except (OSError, amqp.AMQPError):
            return False


def needed(program: str, service: Service) -> str:
    """Return the path of a program; skip the test without it, or fail where it is required."""
    path = shutil.which(program)
    if path is None:
        message = f"{service.name}'s {program} is not reachable on PATH"
        if REQUIRED:
            pytest.fail(f"{message}, and BRIDGE_REQUIRE_SERVICES=1")
        pytest.skip(message)
    return path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
