"""What manage.py check finds under given settings."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

DATABASE = "bridge.DatabaseBackend"
QUEUES = ("default", "mail", "slow")


def entry(backend: str = DATABASE, queues: Any = QUEUES, **options: Any) -> Any:
    """Return an entry of TASKS."""
    return {"BACKEND": backend, "QUEUES": queues, "OPTIONS": options}


def find(
    short_id: str, *, deploy: bool = False, databases: Any = None, **tasks: Any
) -> list[CheckMessage]:
    """Return the messages with this id. Keywords are entries of TASKS, by alias."""
    with override_settings(TASKS=tasks or {"default": entry()}):
        found = run_checks(tags=["tasks"], include_deployment_checks=deploy, databases=databases)
    return [message for message in found if message.id == f"bridge.{short_id}"]
