"""How mail is queued and sent: OPTIONS of a mailer, or the setting BRIDGE_MAIL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SMTPBackend
from django.utils.module_loading import import_string

from bridge.interface import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
)

SMTP = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_MAILER = "default"
MAX_SIZE = 15_000_000
"""An attachment of 10 MiB fits, and MySQL's max_allowed_packet of 16 MiB is not reached."""
TIMEOUT = 60
"""Seconds that a mail server may stay silent, where no timeout is set: a worker has other work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOptions:
    """What our own options say, and in `connection` those of the backend that sends."""

    task_backend: str = DEFAULT_TASK_BACKEND_ALIAS
    queue_name: str = DEFAULT_TASK_QUEUE_NAME
    priority: int = DEFAULT_TASK_PRIORITY
    max_size: int = MAX_SIZE
    backend: str = SMTP
    mailer: str | None = None
    connection: Mapping[str, Any] = field(default_factory=dict)

    def has(self, name: str, value: Any) -> bool:
        """Say whether an option was given and has this value."""
        if name in OURS:
            return bool(getattr(self, name) == value)
        return name in self.connection and bool(self.connection[name] == value)

    def connect(self) -> BaseEmailBackend:
        """Return the backend that sends. Raise ImproperlyConfigured when there is none."""
        try:
            backend_class = import_string(self.backend)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"backend of {place_of(self.mailer)} must be the path of an email backend, not "
                f"{self.backend!r}: {error}"
            ) from error
        if is_ours(self.backend):
            raise ImproperlyConfigured(
                f"backend of {place_of(self.mailer)} must be the backend that sends what "
                f"bridge.mail has enqueued, not {self.backend!r} itself. Leave it out for SMTP."
            )
        known: dict[str, Any] = dict(self.connection)
        # Without a mailer, Django 6.1 warns its own backends of being made without one.
        if self.mailer is not None or self.backend.startswith("django."):
            known["alias"] = self.mailer
        connection: BaseEmailBackend = backend_class(**known)
        if isinstance(connection, SMTPBackend) and connection.timeout is None:
            connection.timeout = TIMEOUT
        return connection


OURS = {each.name for each in fields(MailOptions)} - {"mailer", "connection"}


def mailers() -> Mapping[str, Mapping[str, Any]]:
    """Return the setting MAILERS of Django 6.1; empty where it is not used."""
    found: Mapping[str, Mapping[str, Any]] = getattr(settings, "MAILERS", {})
    return found


def options_of(mailer: str | None) -> MailOptions:
    """Return the options of a mailer, None for BRIDGE_MAIL and the settings EMAIL_*.

    Raise ImproperlyConfigured for a mailer that MAILERS does not have (any more).
    """
    if mailer is None and mailers():
        mailer = DEFAULT_MAILER  # the message has been in the queue since before MAILERS
    if mailer is None:
        given = dict(getattr(settings, "BRIDGE_MAIL", {}))
    elif mailer in mailers():
        given = dict(mailers()[mailer].get("OPTIONS", {}))
    else:
        raise ImproperlyConfigured(
            f"MAILERS has no {mailer!r}, which mail in the queue wants. Restore it."
        )
    given.pop("fail_silently", None)  # about enqueueing: a task that fails does so loudly
    if mailer is not None and not is_ours(path := mailers()[mailer].get("BACKEND", SMTP)):
        # The project has stopped using us; what is in the queue is sent as its settings say now.
        return MailOptions(backend=path, mailer=mailer, connection=given)
    ours = {name: given.pop(name) for name in OURS & given.keys()}
    return MailOptions(**ours, mailer=mailer, connection=given)


def home() -> MailOptions:
    """Return the options of the first mailer that enqueues, those of BRIDGE_MAIL without one."""
    ours = (name for name, each in mailers().items() if is_ours(each.get("BACKEND", SMTP)))
    return options_of(next(ours, None))


def is_ours(path: str) -> bool:
    """Say whether an email backend is the one that enqueues."""
    from bridge.mail.backend import EmailBackend  # it needs this module

    found = import_string(path)
    return isinstance(found, type) and issubclass(found, EmailBackend)


def place_of(mailer: str | None) -> str:
    """Return where a mailer's options are, in words."""
    return "BRIDGE_MAIL" if mailer is None else f"MAILERS[{mailer!r}]['OPTIONS']"
