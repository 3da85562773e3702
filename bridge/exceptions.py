"""What can go wrong, one class per case."""

from __future__ import annotations

from bridge.interface import TaskException


class TaskTimeout(TaskException):
    """The task ran longer than its timeout and was interrupted."""

    # An exception that arrives in another thread is made without arguments.
    def __init__(self, message: str = "The task ran longer than its timeout.") -> None:
        super().__init__(message)


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


class PayloadTooLarge(TaskException, ValueError):
    """The message of the task would be larger than the broker takes."""


class UnstorableValue(TaskException, ValueError):
    """A value is JSON to Python and not to a database."""


class TaskExpired(TaskException):
    """The task's time to start had passed before a worker had time for it."""


class TaskCancelled(TaskException):
    """Somebody cancelled the task."""


class HookRefused(TaskException, ValueError):
    """The database does not take what the end of a task enqueues."""


class BatchDoesNotExist(TaskException):
    """No ledger has a batch of this id; it may have been pruned."""
