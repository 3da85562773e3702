"""A project whose mail is sent by its workers."""

import os

import django

from tests.process.settings import *  # noqa: F403

SERVER = {"host": "127.0.0.1", "port": int(os.environ["BRIDGE_SMTP_PORT"])}
QUEUE = {"queue_name": "mail", "priority": 5}
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "bridge.mail.EmailBackend", "OPTIONS": SERVER | QUEUE}}
else:
    EMAIL_BACKEND = "bridge.mail.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = SERVER.values()
    BRIDGE_MAIL = QUEUE
