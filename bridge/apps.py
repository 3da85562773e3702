"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from bridge import interface


class BridgeConfig(AppConfig):
    """Tell every configured backend when the app registry is complete."""

    name = "bridge"
    verbose_name = "Tasks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The backport registers its check only when its own app is installed too.
        checks.register(interface.check_tasks)
        from bridge.backends.startup import announce_ready  # it reads settings

        announce_ready()
