"""Messages of every kind, and an email class of a project's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.charset import QP, Charset
from email.message import EmailMessage as PythonMessage
from email.message import Message, MIMEPart
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.text import MIMEText
from typing import Any

import django
from django.core.mail import EmailAttachment, EmailMessage, EmailMultiAlternatives
from django.utils.translation import gettext_lazy

MODERN = django.VERSION >= (6, 0)
BINARY = bytes(range(256)) * 40


class Stamped(EmailMessage):
    """A message that writes a header of its own."""

    stamp = "none"

    def message(self, **options: Any) -> Any:
        made = super().message(**options)
        made["X-Stamp"] = self.stamp
        return made


def simple(**fields: Any) -> EmailMessage:
    return EmailMessage(
        **{
            "subject": "Hello",
            "body": "Dear reader\nFrom here on\n.\nBye",
            "from_email": "Shop <shop@example.com>",
            "to": ["a@example.com"],
            **fields,
        }
    )


def attached(*attachments: Any, **fields: Any) -> EmailMessage:
    message = simple(**fields)
    # Past attach(), which warns of some of them from Django 6.1 on.
    message.attachments.extend(attachments)
    return message


def alternatives() -> EmailMessage:
    message = EmailMultiAlternatives("Grüße", "plain ü", "shop@example.com", ["a@example.com"])
    message.attach_alternative("<p>ü</p>", "text/html")
    message.attach_alternative("BEGIN:VCALENDAR", "text/calendar")
    message.attach_alternative(b"{}", "application/json")
    message.attach("ü.csv", "a;b\r\n1;2\r\n", "text/csv")
    return message


def not_utf8() -> EmailMessage:
    message = simple()
    message.attach("a.txt", b"gr\xfc\xdfe", "text/plain")
    return message


def html_subtype() -> EmailMessage:
    message = simple(body="<b>x</b>")
    message.content_subtype = "html"
    return message


def other_encoding() -> EmailMessage:
    message = simple(body="Grüße", subject="Grüße")
    message.encoding = "iso-8859-1"
    return message


def charset() -> EmailMessage:
    message = simple(body="Grüße " * 20)
    message.encoding = Charset("utf-8")
    message.encoding.body_encoding = QP
    return message


def stamped() -> EmailMessage:
    message = Stamped("s", "b", "shop@example.com", ["a@example.com"])
    message.stamp = "approved"
    return message


def image() -> MIMEBase:
    part = MIMEImage(BINARY, "png")
    part.add_header("Content-ID", "<logo>")
    part.add_header("Content-Disposition", "inline", filename=("utf-8", "", "lögo.png"))
    return part


def legacy_text() -> MIMEBase:
    part = MIMEText("From a line that begins so\nGrüße\n", "x-notes", "utf-8")
    part["Content-Description"] = "Grüße " * 20
    return part


def modern_part() -> MIMEPart:
    part = MIMEPart()
    part.set_content(
        BINARY, "image", "png", cid="<logo>", disposition="inline", filename="lögo.png"
    )
    return part


def modern_multipart() -> MIMEPart:
    part = MIMEPart()
    part.set_content("plain\nFrom x\n")
    part.add_alternative("<p>ü</p>" * 200, subtype="html")
    part["Content-Description"] = "long and ü " * 20
    return part


def python_message() -> Message:
    message = PythonMessage()
    message["Subject"] = "forwarded ü"
    message["From"] = "Somebody Else <else@example.com>"
    message.set_content("old text ü\n")
    return message


MESSAGES: dict[str, Callable[[], EmailMessage]] = {
    "simple": simple,
    "everybody": lambda: simple(
        to=["A <a@example.com>", "b@example.com"],
        cc=["c@example.com"],
        bcc=["d@example.com"],
        reply_to=["Rü <e@example.com>", "f@example.com"],
    ),
    "lazy": lambda: simple(subject=gettext_lazy("Yes"), body=gettext_lazy("No")),
    "headers": lambda: simple(
        headers={
            "X-Long": "word " * 60,
            "List-Unsubscribe": "<https://example.com/ü>",
            "From": "Other <other@example.com>",
            "Message-ID": "<mine@example.com>",
            "To": "list@example.com",
        }
    ),
    "html": html_subtype,
    "encoding": other_encoding,
    "long lines": lambda: simple(body="ü" * 2000 + "\n" + "x" * 3000),
    "nothing in it": lambda: simple(body="", subject=""),
    "other alphabets": lambda: simple(
        to=["Zoë <zoe@müller.example>"], subject="日本語の件名" * 10, body="日本語\n" * 30
    ),
    "alternatives": alternatives,
    "bytes": lambda: attached(EmailAttachment("a.bin", BINARY, "application/octet-stream")),
    "plain tuples": lambda: attached(("a.txt", "text ü", "text/plain"), (None, b"x", "image/png")),
    "nul": lambda: attached(("a.txt", "nul \0 in text", "text/plain")),
    "not utf-8": not_utf8,
    "a message": lambda: attached(("a.eml", simple(headers=FIXED), "message/rfc822")),
    "MIMEImage": lambda: attached(image()),
    "MIMEText": lambda: attached(legacy_text(), body=""),
    "stamped": stamped,
}
if not MODERN:
    MESSAGES["charset"] = charset
FIXED = {"Message-ID": "<in@example.com>", "Date": "Fri, 21 Nov 2025 10:00:00 +0000"}
if MODERN:
    MESSAGES |= {
        "MIMEPart": lambda: attached(modern_part()),
        "MIMEPart of parts": lambda: attached(modern_multipart()),
        "email.message": lambda: attached(("a.eml", python_message(), "message/rfc822")),
        "date header": lambda: simple(
            headers={"Date": dt.datetime(2025, 11, 21, 10, tzinfo=dt.UTC), "X-Other": "1"}
        ),
    }
