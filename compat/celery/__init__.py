"""Celery: its brokers and workers carry the tasks of Django's API."""
