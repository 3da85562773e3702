"""Rewrite a project's Huey tasks to django.tasks: `python -m codemods.huey_to_dep PATHS...`."""

from __future__ import annotations

from codemods.engine.command import build_command
from codemods.rules.huey.codemod import HueyMigration

command = build_command(HueyMigration())

if __name__ == "__main__":
    command()
