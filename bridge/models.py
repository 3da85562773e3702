"""Django looks for models here; they live in the ledger."""

from bridge.ledger.models import BatchRow, LimitRow, PauseRow, TaskRow, WorkerRow

__all__ = ["BatchRow", "LimitRow", "PauseRow", "TaskRow", "WorkerRow"]
