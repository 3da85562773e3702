"""Import what every worker imports, then fork a process for each request."""

from __future__ import annotations

import json
import os
import random
import runpy
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

# What reads no setting and starts no thread while it is imported.
COMMON = (
    "bridge",
    "bridge.interface",
    "celery.apps.worker",
    "celery.backends.filesystem",
    "celery.backends.redis",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.concurrency.thread",
    "celery.worker.components",
    "django.contrib.contenttypes.apps",
    "django.core.checks",
    "django.core.mail.backends.smtp",
    "django.core.management.commands.migrate",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.models",
    "django.http",
    "django.test.utils",
    "django.urls",
    "kombu.transport.filesystem",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "psycopg.types.json",
    "pymysql",
)
LONGEST = 1_000_000
"""Bytes of a request."""


def main() -> None:
    """Serve until nobody asks any more, or become what was asked for."""
    for name in COMMON:
        with suppress(ImportError):  # an extra that this environment has not got
            import_module(name)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        asked = _serve(connection)
    if asked is not None:
        _become(*asked)


def _serve(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    children: set[int] = set()
    while True:
        message, files, _, _ = socket.recv_fds(connection, LONGEST, 3)
        if not message:
            break
        request = json.loads(message)
        answer: int | None
        if "poll" in request:
            answer = _exit_code(request["poll"])
            if answer is not None:
                children.remove(request["poll"])
        elif (answer := os.fork()) == 0:
            return request, files
        else:
            children.add(answer)
        for file in files:
            os.close(file)
        connection.send(json.dumps(answer).encode())
    for pid in children:  # nobody is left who would end them
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    return None


def _exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(request: dict[str, Any], files: list[int]) -> None:
    os.setsid()
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    random.seed()
    sys.path[0:1] = ["", *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = request["arguments"]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


main()
