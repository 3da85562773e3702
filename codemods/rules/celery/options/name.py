"""`name=` becomes an entry of the aliases file."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, is_none, string
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.options.build import Build

NAME = Rule(
    "CEL303",
    "name= becomes an alias",
    "A task of django.tasks is called by its module path. The custom name is written to "
    "task_aliases.toml, so messages and schedules that carry it still find the task, and old "
    "workers still understand what the new code sends. With --target django nothing reads such a "
    "file, and the name is dropped.",
)


def name(option: Option, build: Build) -> None:
    """Remember the custom name."""
    if is_none(option.value):
        return
    legacy = string(constant(build.project, option.value, option.scope, option.source))
    if legacy is None:
        build.refuse(NAME.code, "name= is not a string that can be read here")
    elif legacy != build.key and build.target == "django":
        reason = (
            f"the name is {build.key} now: messages and schedules that say {legacy!r} find nothing"
        )
        build.note(NAME.code, reason, Kind.CHANGE)
    elif legacy != build.key:
        build.legacy_name = legacy
        build.note(NAME.code, f"the name {legacy!r} is an alias of {build.key}")
