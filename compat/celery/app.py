"""The Celery app of a backend."""

from __future__ import annotations

from celery import Celery, current_app
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string


def load_app(path: str | None, alias: str) -> Celery:
    """Return the app at OPTIONS["APP"], "pkg.module.app" or "pkg.module:app", or the current one.

    Raise ImproperlyConfigured when there is no Celery app at that path.
    """
    if path is None:
        return current_app._get_current_object()
    try:
        app = import_string(path.replace(":", ".", 1))
    except ImportError as error:
        raise ImproperlyConfigured(
            f"APP of TASKS[{alias!r}] is {path!r}, which cannot be imported ({error}). "
            "Give the path of the Celery app, for example 'shop.celery.app'."
        ) from error
    if not isinstance(app, Celery):
        raise ImproperlyConfigured(
            f"APP of TASKS[{alias!r}] is {path!r}, which is {type(app).__name__}, not a Celery "
            "app. Give the path of the app itself, for example 'shop.celery.app'."
        )
    return app
