from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.test import override_settings

from tests.smtp import Server, smtp_server

IMMEDIATE = {"BACKEND": "bridge.ImmediateBackend"}
DATABASE = {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["default", "mail"]}
OURS = "bridge.mail.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def mail_settings(backend: str, port: int, **options: Any) -> dict[str, Any]:
    """Return what this Django calls its mail server, and our options."""
    if django.VERSION >= (6, 1):
        given = {"host": "127.0.0.1", "port": port, **options}
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": given}}}
    return {
        "EMAIL_BACKEND": backend,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "BRIDGE_MAIL": options,
    }


@pytest.fixture
def server() -> Iterator[Server]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def at_once(server: Server) -> Iterator[None]:
    """Mail is enqueued, and sent inside enqueue()."""
    with override_settings(TASKS={"default": IMMEDIATE}, **mail_settings(OURS, server.port)):
        yield


@pytest.fixture
def queued(server: Server) -> Iterator[None]:
    """Mail is enqueued in the ledger, on SQLite."""
    with override_settings(TASKS={"default": DATABASE}, **mail_settings(OURS, server.port)):
        yield
