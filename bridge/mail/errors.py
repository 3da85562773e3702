"""Why a message was not sent, and which answers of a mail server are final."""

from __future__ import annotations

import smtplib

LOGIN_WANTED = {530, 534, 535, 538}
"""Said to the project, whose settings can be mended, and not to the message."""


class MessageTooBig(ValueError):
    """The message is too big for a queue."""


class NotSent(Exception):
    """The message was not sent; another attempt may succeed. The cause is what the server said."""


class Refused(NotSent):
    """The message will never be sent as it is."""


def is_final(error: Exception) -> bool:
    """Say whether an error is about this message and will be the same next time.

    Connections that fail, logins that are refused and errors of other email backends are not.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)):
        return error.smtp_code >= 500 and error.smtp_code not in LOGIN_WANTED
    # An address or a header that nobody can send. A certificate that is not valid is both.
    return isinstance(error, (TypeError, ValueError)) and not isinstance(error, OSError)
