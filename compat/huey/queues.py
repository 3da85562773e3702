"""The Huey that carries a queue."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from huey import Huey

from bridge.interface import DEFAULT_TASK_QUEUE_NAME


class Hueys:
    """The Huey of every queue of one backend, as OPTIONS["HUEYS"] says."""

    def __init__(self, alias: str, paths: dict[str, str], queues: Iterable[str]) -> None:
        """Raise ImproperlyConfigured when a path leads to no Huey."""
        own = {queue: _load(path, f"HUEYS of TASKS[{alias!r}]") for queue, path in paths.items()}
        self._default = own.get(DEFAULT_TASK_QUEUE_NAME) or _default()
        for queue in queues:
            if queue not in own and queue in _django_huey():
                own[queue] = _by_name(queue)
        self._own = own
        known = {DEFAULT_TASK_QUEUE_NAME, *queues}
        unknown = sorted(own.keys() - known) if queues else []
        self.unknown = tuple(unknown)

    def of(self, queue: str) -> Any:
        """Return the Huey that carries a queue."""
        return self._own.get(queue, self._default)

    def all(self) -> list[Any]:
        """Return every Huey, each once."""
        return list({id(huey): huey for huey in (self._default, *self._own.values())}.values())

    def queue_of(self, huey: Any) -> str:
        """Return the queue of a Huey's messages: the default one where several share it."""
        if huey is self._default:
            return DEFAULT_TASK_QUEUE_NAME
        return next((queue for queue, own in self._own.items() if own is huey), "") or (
            DEFAULT_TASK_QUEUE_NAME
        )


def _load(path: str, place: str) -> Any:
    if "." not in path and ":" not in path:
        return _by_name(path)
    try:
        huey = import_string(path.replace(":", ".", 1))
    except ImportError as error:
        raise ImproperlyConfigured(
            f"{place} has {path!r}, which cannot be imported ({error}). Give the path of a Huey "
            "instance, for example 'shop.queues.huey'."
        ) from error
    if not isinstance(huey, Huey):
        raise ImproperlyConfigured(
            f"{place} has {path!r}, which is {type(huey).__name__}, not a Huey. Give the path of "
            "the instance itself, for example 'shop.queues.huey'."
        )
    return huey


def _by_name(name: str) -> Any:
    try:
        return import_module("django_huey").get_queue(name)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"{name!r} is a queue of django-huey, which is not installed ({error}). Install it, or "
            "give the path of a Huey instance, for example 'shop.queues.huey'."
        ) from error
    except Exception as error:
        raise ImproperlyConfigured(
            f"django-huey has no queue {name!r} ({error}). Add it to DJANGO_HUEY, or give the path "
            "of a Huey instance, for example 'shop.queues.huey'."
        ) from error


def _django_huey() -> dict[str, Any]:
    return dict(_settings_of_django_huey().get("queues", {}))


def _settings_of_django_huey() -> dict[str, Any]:
    return getattr(settings, "DJANGO_HUEY", {})


def _default() -> Any:
    if _django_huey() and not hasattr(settings, "HUEY"):
        return _by_name(_settings_of_django_huey().get("default") or next(iter(_django_huey())))
    return import_module("huey.contrib.djhuey").HUEY
