"""The modules that declare tasks: a check cannot speak of what nobody has imported."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from django.apps import apps
from django.core.checks import CheckMessage
from django.utils.module_loading import module_has_submodule

from bridge.checks.kinds import INVALID_TASK
from bridge.interface import InvalidTaskBackend, TaskException


def import_tasks() -> Iterator[CheckMessage]:
    """Import the module `tasks` of every app, and yield an error for each that declares badly."""
    for config in apps.get_app_configs():
        if not module_has_submodule(config.module, "tasks"):
            continue
        path = f"{config.name}.tasks"
        try:
            import_module(path)
        except (TaskException, InvalidTaskBackend) as error:
            yield INVALID_TASK(f"{path} declares a task that cannot be: {error}", obj=path)
        except Exception:  # noqa: BLE001
            # An app may have tasks for a library that this project does not use.
            continue
