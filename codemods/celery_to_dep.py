"""Rewrite a project's Celery tasks to django.tasks: `python -m codemods.celery_to_dep PATHS...`."""

from __future__ import annotations

from codemods.engine.command import build_command
from codemods.rules.celery.codemod import CeleryMigration

command = build_command(CeleryMigration())

if __name__ == "__main__":
    command()
