"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class BridgeConfig(AppConfig):
    """Tell every configured backend when the app registry is complete."""

    name = "bridge"
    verbose_name = "Tasks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They read settings, and import models.
        from bridge.backends.startup import announce_ready
        from bridge.checks.registration import register

        register()
        announce_ready()
