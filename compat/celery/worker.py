"""Start and end, inside every Celery worker, what keeps its tasks safe."""

from __future__ import annotations

from typing import Any

from celery import signals


def subscribe() -> None:
    """Take notice of Celery workers that start in this process."""
    signals.worker_init.connect(_on_worker_init, dispatch_uid="bridge.worker_init")


def _on_worker_init(sender: Any, **kwargs: Any) -> None:
    from compat.celery.maintenance import MaintenanceStep, prepare

    prepare(sender.hostname)
    sender.app.steps["worker"].add(MaintenanceStep)
