"""Custom names of Celery tasks."""

from __future__ import annotations

from codemods.engine.site import Rule

ALIASES = Rule(
    "CEL504",
    "Custom task names are written to task_aliases.toml",
    "The file maps each name= to the module path of its task. It lies beside manage.py, and "
    'OPTIONS["ALIASES"] names it.',
)
