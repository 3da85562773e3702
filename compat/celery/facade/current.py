"""`current_task`: whichever task runs here."""

from __future__ import annotations

from typing import Any

from compat.celery.facade.request import innermost


class CurrentTask:
    """Stands for the task that runs here; false where none does."""

    def _get_current_object(self) -> Any:
        request = innermost()
        return request.current if request is not None else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get_current_object(), name)

    def __bool__(self) -> bool:
        return self._get_current_object() is not None

    def __eq__(self, other: object) -> bool:
        return bool(self._get_current_object() == other)

    def __hash__(self) -> int:
        return hash(self._get_current_object())

    def __repr__(self) -> str:
        return repr(self._get_current_object())


current_task: Any = CurrentTask()
