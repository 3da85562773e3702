"""Email through a task: EMAIL_BACKEND = "bridge.mail.EmailBackend", or a BACKEND of MAILERS."""

from bridge.mail.backend import EmailBackend
from bridge.mail.errors import MessageTooBig, NotSent, Refused

__all__ = ["EmailBackend", "MessageTooBig", "NotSent", "Refused"]
