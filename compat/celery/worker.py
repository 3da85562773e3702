"""Start and end, inside every Celery worker, what keeps its tasks safe."""

from __future__ import annotations

from typing import Any

from celery import bootsteps, signals


def subscribe() -> None:
    """Take notice of Celery workers that start in this process."""
    signals.worker_init.connect(_on_worker_init, dispatch_uid="bridge.worker_init")


def _on_worker_init(sender: Any, **kwargs: Any) -> None:
    from compat.celery.registration import celery_backends, ledger_backends

    if ledger_backends():
        from compat.celery.legacy_readers import heed_the_ledger
        from compat.celery.maintenance import MaintenanceStep, prepare

        heed_the_ledger()
        prepare(sender.hostname)
        sender.app.steps["worker"].add(MaintenanceStep)
    if len(ledger_backends()) < len(celery_backends()):
        from compat.celery.native import deaths

        deaths.watch()
        sender.app.steps["worker"].add(VerifyStep)


class VerifyStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """End a worker that would run the wrong tasks before it takes one."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        """Check the tasks."""
        from compat.celery import registration

        registration.verify(parent.app)
