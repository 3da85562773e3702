"""The tasks that send one message each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.backoff import exponential
from bridge.decorator import task
from bridge.interface import AnyTask
from bridge.mail.errors import NotSent, Refused, is_final
from bridge.mail.options import MailOptions, home, options_of
from bridge.mail.parcel import message_id, unpack
from bridge.retry import Retry

HOME = home()
POLICY: Any = {
    "backend": HOME.task_backend,
    "queue_name": HOME.queue_name,
    # 30 s, 1 min, 2 min, ... 8.5 h: 17 hours in all.
    "retry": Retry(max_attempts=12, never_on=Refused, backoff=exponential(30)),
    # A copy too many is known by its Message-ID; one too few may be somebody's password.
    "on_lost": "retry",
}


@task(**POLICY)
def send_message(parcel: dict[str, Any], mailer: str | None = None) -> str:
    """Send a message through its mailer, None for BRIDGE_MAIL. Return its Message-ID.

    Raise Refused when another attempt is of no use, NotSent when it may be.
    """
    message = unpack(parcel)
    try:
        options_of(mailer).connect().send_messages([message])
    except Exception as error:
        failure = Refused if is_final(error) else NotSent
        raise failure(
            f"{message_id(message)} to {', '.join(message.recipients())}: "
            f"{type(error).__name__}: {error}"
        ) from error
    return message_id(message)


@task(**POLICY)
def send_report(parcel: dict[str, Any], mailer: str | None = None) -> str:
    """Send a message that reports the failure of another one."""
    sent: str = send_message.func(parcel, mailer)
    return sent


def task_for(options: MailOptions, subjects: Sequence[str]) -> AnyTask | None:
    """Return the task for messages with these subjects, None for those that nobody sends.

    Where ADMINS get mail for each task that fails, mail that cannot be sent would be about mail
    that could not be sent, for ever: nobody is told of a report that fails.
    """
    text = " ".join(subjects)
    if send_report.module_path in text:
        return None
    chosen: Any = send_report if send_message.module_path in text else send_message
    if options.task_backend != chosen.backend:
        # The other backend may have a class of tasks of its own.
        policy = POLICY | {"backend": options.task_backend, "queue_name": options.queue_name}
        declare: Any = task(**policy)
        chosen = declare(chosen.func)
    wanted: AnyTask = chosen.using(queue_name=options.queue_name, priority=options.priority)
    return wanted
