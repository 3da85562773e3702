"""A MIME part that somebody attached, in pieces and back."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage, Message, MIMEPart
from email.mime.base import MIMEBase
from email.policy import EmailPolicy, Policy
from typing import Any


class StoredPart(MIMEBase):
    """A MIMEBase made from its pieces, headers included, and not from its type."""

    def __init__(self, policy: Policy[Any] = policy.compat32) -> None:
        Message.__init__(self, policy=policy)


# What Django, and Python, ask of a part: the first that fits.
CLASSES: dict[str, type[Message[Any, Any]]] = {
    "email": EmailMessage,
    "part": MIMEPart,
    "base": MIMEBase,
    "message": Message,
}


def take_apart(part: Message[Any, Any]) -> dict[str, Any]:
    """Return what a part is made of: its attributes, and headers as it was given them.

    Bytes would not do: a part is written as the policy of the message says, which is not its own.
    """
    return {
        **vars(part),
        "class": next(name for name, known in CLASSES.items() if isinstance(part, known)),
        "policy": isinstance(part.policy, EmailPolicy),
        "defects": [],
        "_headers": [_piece(name, value) for name, value in part.raw_items()],
    }


def put_together(pieces: dict[str, Any]) -> Message[Any, Any]:
    """Return the part that was taken apart."""
    pieces = dict(pieces)
    part_class = pieces.pop("class")
    policy_of_part = policy.default if pieces.pop("policy") else policy.compat32
    headers = pieces.pop("_headers")
    part = (StoredPart if part_class == "base" else CLASSES[part_class])(policy=policy_of_part)
    vars(part).update(pieces)
    for name, value, parsed in headers:
        if parsed:
            part[name] = value
        else:
            part.set_raw(name, value)
    return part


def _piece(name: str, value: Any) -> list[Any]:
    """Return a header, and whether its policy has parsed it."""
    return [name, value, hasattr(value, "fold")]
