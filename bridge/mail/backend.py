"""The email backend that enqueues."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connections

from bridge.interface import AnyTask
from bridge.mail.errors import MessageTooBig
from bridge.mail.options import options_of, place_of
from bridge.mail.parcel import pack

Parcel = tuple[dict[str, Any], int]
"""A message as JSON, and its length."""


class EmailBackend(BaseEmailBackend):
    """Enqueue a task for each message; a worker sends it over SMTP, or with another backend."""

    def __init__(
        self, fail_silently: bool = False, *, alias: str | None = None, **given: Any
    ) -> None:
        super().__init__(alias=alias)
        self.alias = alias
        self.fail_silently = fail_silently
        self.options = options_of(alias)
        for name, value in given.items():
            # Django hands over its settings here, and None for what a caller has left out.
            if value is not None and not name.startswith("_") and not self.options.has(name, value):
                raise TypeError(
                    f"bridge.mail.EmailBackend takes no {name!r} from code: it would have to wait "
                    f"in the queue, readable by all. Put it into {place_of(alias)}, or send with "
                    "another backend."
                )

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        """Enqueue messages that have recipients, and return how many.

        Raise ValueError for a header that cannot be sent, TypeError for a value that cannot wait
        in a queue, MessageTooBig, and what the task backend raises. With fail_silently the last
        two are kept quiet.
        """
        # Imported when mail is sent: a task is declared, for which its backend must be set up.
        from bridge.mail.tasks import task_for

        messages = [message for message in email_messages or () if message.recipients()]
        task = task_for(self.options, [str(message.subject) for message in messages])
        if task is None or not messages:
            return 0
        parcels = [_pack(message) for message in messages]
        try:
            self._check_sizes(parcels)
            _off_the_loop(lambda: self._enqueue(task, parcels))
        except Exception:
            if not self.fail_silently:
                raise
            return 0
        return len(parcels)

    def _check_sizes(self, parcels: Sequence[Parcel]) -> None:
        limit = self.options.max_size
        for _, size in parcels:
            if size > limit:
                raise MessageTooBig(
                    f"The message has {size:,} bytes as JSON, and max_size of "
                    f"{place_of(self.alias)} is {limit:,}. Send a link instead of the attachment, "
                    "raise max_size as far as your queue can carry, or use another backend."
                )

    def _enqueue(self, task: AnyTask, parcels: Sequence[Parcel]) -> None:
        calls = [(parcel, self.alias) for parcel, _ in parcels]
        if len(calls) > 1 and hasattr(task, "enqueue_many"):
            task.enqueue_many(calls)
        else:
            for call in calls:
                task.enqueue(*call)


def _pack(message: EmailMessage) -> Parcel:
    message.message()  # what is wrong with it concerns its author, who is here
    parcel = pack(message)
    return parcel, len(json.dumps(parcel))


def _off_the_loop(action: Callable[[], object]) -> None:
    """Call action; where a coroutine is running, which must not use a database, in a thread."""
    if not _in_a_coroutine():
        action()
        return

    def alone() -> None:
        try:
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, alone).result()


def _in_a_coroutine() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
