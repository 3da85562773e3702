"""The rows: a task, and a worker that holds tasks."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bridge.ids import new_id
from bridge.interface import DEFAULT_TASK_PRIORITY, DEFAULT_TASK_QUEUE_NAME, TaskResultStatus

READY = TaskResultStatus.READY
RUNNING = TaskResultStatus.RUNNING
FAILED = TaskResultStatus.FAILED
SUCCESSFUL = TaskResultStatus.SUCCESSFUL


class TaskRow(models.Model):
    """A task, from enqueue to result. Only the store writes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task_path = models.CharField(max_length=255)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)

    backend = models.CharField(max_length=64)
    transport = models.CharField(
        max_length=16, help_text=_("The fence: only it may claim the row.")
    )
    queue_name = models.CharField(max_length=128, default=DEFAULT_TASK_QUEUE_NAME)
    priority = models.SmallIntegerField(default=DEFAULT_TASK_PRIORITY)
    run_after = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(
        null=True, help_text=_("Not claimed before; empty once it can be.")
    )
    on_lost = models.CharField(max_length=5)

    status = models.CharField(max_length=10, choices=TaskResultStatus.choices, default=READY)
    enqueued_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True, help_text=_("When a broker took the message."))
    started_at = models.DateTimeField(null=True)
    last_attempted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    worker = models.CharField(max_length=128, null=True, help_text=_("Who holds the claim."))
    token = models.PositiveIntegerField(default=0, help_text=_("Grows with every claim."))
    losses = models.PositiveSmallIntegerField(default=0)
    worker_ids = models.JSONField(default=list)
    errors = models.JSONField(default=list)
    return_value = models.JSONField(null=True)

    expires_at = models.DateTimeField(null=True, help_text=_("Not started after."))
    unique_key = models.CharField(
        max_length=32, null=True, help_text=_("One row that is not finished has it at most.")
    )
    unique_until = models.DateTimeField(null=True, help_text=_("Kept by a finished row until."))
    lane = models.CharField(
        max_length=32, null=True, help_text=_("Rows of one lane wait for the same limits.")
    )
    limits = models.JSONField(null=True)
    hooks = models.JSONField(null=True, help_text=_("What is enqueued once it has finished."))
    batch_id = models.UUIDField(null=True)
    progress = models.JSONField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bridge_task"
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        # Partial, so that rows that cannot run are not in the way of those that can.
        indexes = [
            models.Index(
                F("transport"),
                F("queue_name"),
                F("priority").desc(),
                F("id"),
                name="bridge_task_ready",
                condition=Q(status=READY, wake_at=None, lane=None),
            ),
            models.Index(
                F("transport"),
                F("lane"),
                F("priority").desc(),
                F("id"),
                name="bridge_task_lane",
                condition=Q(status=READY, wake_at=None, lane__isnull=False),
            ),
            models.Index(
                fields=["transport", "wake_at"],
                name="bridge_task_deferred",
                condition=Q(status=READY, wake_at__isnull=False),
            ),
            models.Index(
                fields=["worker"], name="bridge_task_running", condition=Q(status=RUNNING)
            ),
            models.Index(
                fields=["enqueued_at"],
                name="bridge_task_unpublished",
                condition=Q(status=READY, published_at=None) & ~Q(transport="db"),
            ),
            models.Index(
                fields=["finished_at"],
                name="bridge_task_finished",
                condition=Q(finished_at__isnull=False),
            ),
            models.Index(
                fields=["unique_key"],
                name="bridge_task_key",
                condition=Q(unique_key__isnull=False),
            ),
            models.Index(
                fields=["batch_id", "status"],
                name="bridge_task_batch",
                condition=Q(batch_id__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"],
                name="bridge_task_unique",
                condition=Q(status__in=[READY, RUNNING], unique_key__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_path} {self.id}"

    @classmethod
    def check(cls, **options: Any) -> list[CheckMessage]:
        """Leave out what MySQL cannot do of the indexes: the migration gives it others."""
        found = super().check(**options)
        return [
            message
            for message in found
            if message.id not in {"models.W036", "models.W037", "models.W043"}
        ]

    @property
    def runs(self) -> int:
        """Return how many attempts count against the retry policy: those no dead worker made."""
        return len(self.worker_ids) - self.losses


class WorkerRow(models.Model):
    """A worker and its lease: once expired, what it holds is lost."""

    id = models.CharField(primary_key=True, max_length=128)
    transport = models.CharField(max_length=16)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "bridge_worker"
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.id


class BatchRow(models.Model):
    """Tasks that were enqueued together, and what is enqueued once all have finished."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    total = models.PositiveIntegerField()
    pending = models.PositiveIntegerField(help_text=_("How many have not finished."))
    failed = models.PositiveIntegerField(default=0)
    on_complete = models.JSONField(default=list)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bridge_batch"
        verbose_name = _("batch")
        verbose_name_plural = _("batches")

    def __str__(self) -> str:
        return str(self.id)


class LimitRow(models.Model):
    """What is known of one concurrency or rate limit: who runs under it, who has started."""

    key = models.CharField(primary_key=True, max_length=32)
    state = models.JSONField(default=list)
    touched_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "bridge_limit"
        verbose_name = _("limit")
        verbose_name_plural = _("limits")

    def __str__(self) -> str:
        return self.key


class PauseRow(models.Model):
    """A queue from which nothing is claimed."""

    id = models.BigAutoField(primary_key=True)
    transport = models.CharField(max_length=16)
    queue_name = models.CharField(max_length=128)
    paused_at = models.DateTimeField()

    class Meta:
        db_table = "bridge_pause"
        verbose_name = _("paused queue")
        verbose_name_plural = _("paused queues")
        constraints = [
            models.UniqueConstraint(fields=["transport", "queue_name"], name="bridge_pause_queue"),
        ]

    def __str__(self) -> str:
        return self.queue_name
