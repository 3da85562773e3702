"""Would anybody notice that a signal is sent?"""

from __future__ import annotations

from django.dispatch import Signal

from bridge.interface import log_task_enqueued, log_task_finished, tasks_logger

_LOGGERS = (log_task_enqueued, log_task_finished)


def is_heard(signal: Signal, sender: type, level: int) -> bool:
    """Say whether a signal has a receiver that does anything when this class sends it.

    Django connects one of its own, which writes a line at this level.
    """
    receivers, coroutines = signal._live_receivers(sender)
    if coroutines or any(receiver not in _LOGGERS for receiver in receivers):
        return True
    return bool(receivers) and tasks_logger.isEnabledFor(level)
