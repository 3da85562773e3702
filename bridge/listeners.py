"""Would anybody notice that a task was enqueued?"""

from __future__ import annotations

import logging

from bridge.interface import log_task_enqueued, task_enqueued, tasks_logger


def is_heard(sender: type) -> bool:
    """Say whether task_enqueued has a receiver that does anything when this class sends it.

    Django connects one of its own, which writes a DEBUG line.
    """
    receivers, coroutines = task_enqueued._live_receivers(sender)
    if coroutines or any(receiver is not log_task_enqueued for receiver in receivers):
        return True
    return bool(receivers) and tasks_logger.isEnabledFor(logging.DEBUG)
