"""Celery apps that TASKS can name."""

from celery import Celery

app = Celery("unit", broker="memory://", set_as_current=False)
not_an_app = object()
