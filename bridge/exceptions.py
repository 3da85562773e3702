"""What can go wrong, one class per case."""

from __future__ import annotations

from bridge.interface import TaskException


class TaskTimeout(TaskException):
    """The task ran longer than its timeout and was interrupted."""


class HardTimeout(TaskException):
    """The task ran longer than its hard_timeout and its process was killed."""


class WorkerLost(TaskException):
    """The worker died while it ran the task."""


class MaxAttemptsExceeded(TaskException):
    """The task asked for another attempt and had none left."""


class TransactionLeftOpen(TaskException):
    """The task returned inside an open transaction, which was rolled back."""


class TaskNotFound(TaskException):
    """A stored task path does not lead to a task in this code."""


class EnqueueError(TaskException):
    """The broker did not take the task; nothing was enqueued."""


class UnstorableValue(TaskException, ValueError):
    """A value is JSON to Python and not to a database."""
