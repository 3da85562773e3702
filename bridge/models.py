"""Django looks for models here; they live in the ledger."""

from bridge.ledger.models import TaskRow, WorkerRow

__all__ = ["TaskRow", "WorkerRow"]
