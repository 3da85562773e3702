"""Rewrite code for the django-tasks backport: `python -m codemods.backport_to_dep PATHS...`."""

from __future__ import annotations

from codemods.engine.command import build_command
from codemods.rules.backport.codemod import BackportMigration

command = build_command(BackportMigration())

if __name__ == "__main__":
    command()
