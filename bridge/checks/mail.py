"""Whether bridge.mail can enqueue messages and send them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from bridge.checks.kinds import WRONG_MAIL
from bridge.interface import InvalidTask, InvalidTaskBackend
from bridge.mail.options import SMTP, is_ours, mailers, options_of, place_of


def check_mail() -> Iterator[CheckMessage]:
    """Yield an error for each mailer of ours that cannot do its work."""
    for mailer in _ours():
        try:
            options = options_of(mailer)
            from bridge.mail.tasks import task_for  # it declares tasks, for which TASKS is read

            task_for(options, [])
            options.connect()
        except (ImproperlyConfigured, InvalidTask, InvalidTaskBackend, TypeError) as error:
            yield WRONG_MAIL(f"{place_of(mailer)} of bridge.mail is wrong: {error}")


def _ours() -> list[str | None]:
    try:
        if mailers():
            return [name for name, each in mailers().items() if is_ours(each.get("BACKEND", SMTP))]
        return [None] if is_ours(_email_backend()) else []
    except ImportError:
        return []  # Django says so


def _email_backend() -> str:
    ours: Any = settings  # as typed by django-stubs, it has no such method
    if not ours.is_overridden("EMAIL_BACKEND"):
        return SMTP
    with warnings.catch_warnings():
        # Django 6.1 warns whoever reads it, and has warned the project that sets it.
        warnings.simplefilter("ignore")
        return str(settings.EMAIL_BACKEND)
