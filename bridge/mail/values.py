"""What a message holds, as JSON and back: an object with one "$key" stands for what JSON lacks."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from email.charset import Charset
from email.header import Header
from email.message import Message
from typing import Any

from django.core.mail import EmailAlternative, EmailAttachment
from django.utils.functional import Promise

from bridge.mail.mime import put_together, take_apart

Encode = Callable[[Any], Any]


def encode(value: Any, other: Encode) -> Any:
    """Return a value as JSON; other() encodes what is not known here.

    Lazy texts become texts, in the language that is active now.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, Promise)):
        return _text(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, Message):
        return {"$part": encode(take_apart(value), other)}
    if isinstance(value, Header):
        return {"$header": encode(vars(value), other)}
    if isinstance(value, Charset):
        return {"$charset": vars(value)}
    if isinstance(value, (list, tuple)):
        return _sequence(value, other)
    if isinstance(value, Mapping):
        return _mapping(value, other)
    return other(value)


def _text(text: str) -> Any:
    # PostgreSQL's JSON has no NUL, and no database has half a surrogate pair.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return {"$text": b64encode(text.encode(errors="surrogatepass")).decode()}
    return text


def _sequence(value: list[Any] | tuple[Any, ...], other: Encode) -> Any:
    items = [encode(item, other) for item in value]
    if isinstance(value, EmailAttachment):
        return {"$attachment": items}
    if isinstance(value, EmailAlternative):
        return {"$alternative": items}
    return {"$tuple": items} if isinstance(value, tuple) else items


def _mapping(value: Mapping[Any, Any], other: Encode) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {str(key): encode(item, other) for key, item in value.items()}
    return {"$dict": [[encode(key, other), encode(item, other)] for key, item in value.items()]}


def decode(value: Any, other: Callable[[str, Any], Any]) -> Any:
    """Return what was encoded; other() gets the tags that are not known here."""
    if isinstance(value, list):
        return [decode(item, other) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag in _PLAIN:
            return _PLAIN[tag](content)
        if tag in _NESTED:
            return _NESTED[tag](decode(content, other))
        if tag.startswith("$"):
            return other(tag, content)
    return {key: decode(item, other) for key, item in value.items()}


def _header(state: dict[str, Any]) -> Header:
    header = Header()
    vars(header).update(state)
    return header


def _charset(state: dict[str, Any]) -> Charset:
    charset = Charset()
    vars(charset).update(state)
    return charset


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "$text": lambda content: b64decode(content).decode(errors="surrogatepass"),
    "$bytes": b64decode,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$charset": _charset,
}
_NESTED: dict[str, Callable[[Any], Any]] = {
    "$tuple": tuple,
    "$attachment": lambda items: EmailAttachment(*items),
    "$alternative": lambda items: EmailAlternative(*items),
    "$dict": dict,
    "$part": put_together,
    "$header": _header,
}
