"""Huey: its storages and consumers carry the tasks of Django's API."""
