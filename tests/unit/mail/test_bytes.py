"""What a worker sends is what Django's own backend sends."""

from __future__ import annotations

import json
import re
from email.header import Header
from email.message import Message, MIMEPart
from email.mime.base import MIMEBase

import pytest
from django.core.mail import EmailMessage
from django.test import override_settings

from bridge.mail.parcel import pack, unpack
from tests.smtp import Mail, Server
from tests.unit.mail.conftest import SMTP, mail_settings
from tests.unit.mail.messages import BINARY, MESSAGES, attached, legacy_text, modern_part


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.usefixtures("at_once")
def test_message_is_sent_as_djangos_backend_sends_it(name: str, server: Server) -> None:
    make = MESSAGES[name]

    assert make().send() == 1
    with override_settings(**mail_settings(SMTP, server.port)):
        assert make().send() == 1

    ours, theirs = server.received
    assert ours[:2] == theirs[:2]
    assert comparable(ours) == comparable(theirs)


def comparable(mail: Mail) -> bytes:
    """Return the bytes of a message without what is new each time."""
    data = mail.data
    for number, boundary in enumerate(re.findall(rb'boundary="([^"]+)"', data)):
        data = data.replace(boundary, b"boundary %d" % number)
    data = re.sub(rb"(?m)^Message-ID: (?!<(mine|in)@).*\r\n", b"Message-ID: <new>\r\n", data)
    return re.sub(rb"(?m)^Date: (?!.* 2025 ).*\r\n", b"Date: now\r\n", data)


@pytest.mark.usefixtures("at_once")
def test_message_of_its_author_is_not_changed() -> None:
    message = EmailMessage("s", "b", "a@example.com", ["b@example.com"])

    message.send()

    assert message.extra_headers == {}
    assert message.attachments == []
    assert message.subject == "s"


def sent_and_unpacked(part: Message) -> Message:
    parcel = json.loads(json.dumps(pack(attached(part))))
    (received,) = unpack(parcel).attachments
    assert isinstance(received, Message)
    return received


def test_part_says_the_same_to_backends_that_take_it_apart() -> None:
    part = sent_and_unpacked(modern_part())

    assert isinstance(part, MIMEPart)
    assert part.get_content() == BINARY
    assert part["Content-Disposition"].params == {"filename": "lögo.png"}


def test_part_of_the_older_kind_is_of_that_kind_again() -> None:
    part = legacy_text()
    part["X-Header"] = Header("Grüße " * 20, "utf-8")

    copy = sent_and_unpacked(part)

    assert isinstance(copy, MIMEBase)
    assert copy.as_bytes() == part.as_bytes()
