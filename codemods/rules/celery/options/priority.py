"""`priority=` moves from the broker's scale to Django's."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, integer, is_none, number
from codemods.engine.project import Project
from codemods.engine.scope import Scope
from codemods.engine.site import Rule
from codemods.engine.source import Source
from codemods.rules.celery.options.build import Build

PRIORITY = Rule(
    "CEL302",
    "priority= moves to Django's scale of -100 to 100",
    "RabbitMQ counts 0 to 9 with the high numbers first, Redis 0 to 9 with the low numbers "
    "first; Django -100 to 100 with the high numbers first. --broker says which scale the code "
    "uses. A number that is computed at run time is left for a person.",
)


def django_priority(native: int, broker: str) -> int:
    """Return Django's priority for a number on the broker's scale."""
    scaled = round(native / 9 * 100)
    return -scaled if broker == "redis" else scaled


def mapped_priority(
    project: Project, node: cst.BaseExpression, scope: Scope, source: Source, broker: str
) -> cst.BaseExpression | None:
    """Return the literal for Django, None when the number is not known."""
    native = integer(constant(project, node, scope, source))
    if native is None or not 0 <= native <= 9:
        return None
    return number(django_priority(native, broker))


def priority(option: Option, build: Build) -> None:
    """Write the mapped number."""
    if is_none(option.value):
        return
    new = mapped_priority(build.project, option.value, option.scope, option.source, build.broker)
    if new is None:
        build.refuse(PRIORITY.code, "priority= is not a number from 0 to 9 that can be read here")
        return
    build.put("priority", lambda values: new, option.index)
    build.note(PRIORITY.code, f"priority is mapped from the {build.broker} scale")
