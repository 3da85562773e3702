"""A message of Django's, packed as JSON for its journey to the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.core.mail import DNS_NAME, EmailMessage, make_msgid
from django.utils.module_loading import import_string
from django.utils.timezone import get_current_timezone

from bridge.mail.values import decode, encode

OWN_CLASSES = "django.core.mail"
LEFT_BEHIND = {"connection", "_connection"}


def pack(message: EmailMessage) -> dict[str, Any]:
    """Return a message as JSON, with the Message-ID and the Date that it has from now on.

    Attributes that others have given it (django-anymail's, for example) go with it. Raise
    TypeError for a value that is not JSON and that email does not need.
    """
    if not isinstance(message, EmailMessage):
        raise TypeError(
            f"bridge.mail sends django.core.mail.EmailMessage and its subclasses, not {message!r}."
        )
    state = {key: value for key, value in vars(message).items() if key not in LEFT_BEHIND}
    state["extra_headers"] = _headers(message)
    return {
        "class": _path(type(message)),
        "state": {key: _encoded(key, value) for key, value in state.items()},
    }


def unpack(parcel: dict[str, Any]) -> EmailMessage:
    """Return the message that was packed. Raise ImportError when its class is gone."""
    message_class = import_string(parcel["class"])
    if not (isinstance(message_class, type) and issubclass(message_class, EmailMessage)):
        raise TypeError(f"{parcel['class']!r} is not a subclass of django.core.mail.EmailMessage.")
    message = message_class.__new__(message_class)
    # Django's releases differ in what a message has besides what its author gave it.
    vars(message).update(vars(EmailMessage()))
    vars(message).update({key: decode(value, _other) for key, value in parcel["state"].items()})
    return message


def message_id(message: EmailMessage) -> str:
    """Return the Message-ID of a message that was packed."""
    found = {name.lower(): value for name, value in message.extra_headers.items()}
    return str(found["message-id"])


def _headers(message: EmailMessage) -> dict[str, Any]:
    given = {str(name): value for name, value in message.extra_headers.items()}
    names = {name.lower() for name in given}
    fixed = {}
    if "date" not in names:
        zone = get_current_timezone() if settings.EMAIL_USE_LOCALTIME else UTC
        fixed["Date"] = format_datetime(datetime.now(zone))
    if "message-id" not in names:
        fixed["Message-ID"] = make_msgid(domain=str(DNS_NAME))
    # In front, where Django writes them.
    return fixed | given


def _path(message_class: type[EmailMessage]) -> str:
    if message_class.__module__.startswith(f"{OWN_CLASSES}."):
        return f"{OWN_CLASSES}.{message_class.__name__}"
    if "." in message_class.__qualname__:
        raise TypeError(
            f"A worker cannot import {message_class.__qualname__!r} of "
            f"{message_class.__module__!r}. Define the class at the top of its module."
        )
    return f"{message_class.__module__}.{message_class.__name__}"


def _encoded(name: str, value: Any) -> Any:
    def other(value: Any) -> Any:
        if isinstance(value, EmailMessage):
            return {"$message": pack(value)}
        raise TypeError(
            f"{name} of the message holds {value!r:.200}, which cannot wait in a queue. Make it "
            "text, bytes, a date or a MIME part, or send the message with another backend."
        )

    return encode(value, other)


def _other(tag: str, content: Any) -> Any:
    if tag != "$message":
        raise ValueError(f"A message holds {tag!r}, which this version cannot read. Upgrade it.")
    return unpack(content)
