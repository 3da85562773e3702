"""The settings modules of a project, and what they say about Celery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind
from codemods.engine.source import Source
from codemods.engine.tree import descendants
from codemods.rules.celery.literals import string, strings_in

_QUEUE_SETTINGS = (
    "task_routes",
    "routes",
    "beat_schedule",
    "beatschedule",
    "task_queues",
    "queues",
)


@dataclass(slots=True, eq=False)
class Settings:
    """Where the project's settings are."""

    bases: list[Source] = field(default_factory=list)
    """Modules that define INSTALLED_APPS."""
    children: list[Source] = field(default_factory=list)
    """Modules that star-import one of them."""

    @property
    def modules(self) -> list[Source]:
        """Return every settings module."""
        return [*self.bases, *self.children]

    def assigned(self, *names: str) -> Iterator[tuple[Source, Binding]]:
        """Yield the assignments of these settings, the base modules' first."""
        for source in self.modules:
            for name in names:
                for binding in source.survey.scope.bindings.get(name, ()):
                    if binding.kind is BindingKind.ASSIGN:
                        yield source, binding

    def text(self, *names: str) -> str | None:
        """Return the first literal string given to one of these settings."""
        for _, binding in self.assigned(*names):
            value = string(binding.value)
            if value is not None:
                return value
        return None

    def celery_names(self) -> list[str]:
        """Return the names of the Celery settings."""
        return sorted(
            {
                name
                for source in self.modules
                for name in source.survey.scope.bindings
                if name.startswith("CELERY_") or name in {"BROKER_URL", "CELERYBEAT_SCHEDULE"}
            }
        )


def find_settings(project: Project) -> Settings:
    """Return the settings modules among the selected files."""
    settings = Settings()
    star_from: dict[Source, set[str]] = {}
    for source in project.relevant:
        stars = {target for name in source.survey.stars if (target := name)}
        star_from[source] = stars
        bindings = source.survey.scope.bindings.get("INSTALLED_APPS", [])
        if any(b.kind is BindingKind.ASSIGN and b.frame.scope.parent is None for b in bindings):
            settings.bases.append(source)
    names = {source.name for source in settings.bases}
    grown = True
    while grown:
        grown = False
        for source, stars in star_from.items():
            if stars & names and source not in settings.children:
                settings.children.append(source)
                grown = source.name not in names
                names.add(source.name)
    settings.bases = [source for source in settings.bases if source not in settings.children]
    return settings


def broker(settings: Settings) -> str:
    """Return the kind of broker the settings name: amqp unless Redis is written there."""
    for _, binding in settings.assigned("CELERY_BROKER_URL", "BROKER_URL", "CELERY_BROKER"):
        for text in strings_in(binding.value) if binding.value is not None else ():
            if text.startswith(("redis", "sentinel", "valkey")):
                return "redis"
            if text.startswith(("amqp", "pyamqp")):
                return "amqp"
    return "amqp"


def queues(project: Project, settings: Settings) -> set[str]:
    """Return the queues named in routes, schedules and queue declarations."""
    found: set[str] = set()
    for source in project.relevant:
        if source.is_test and source not in settings.modules:
            continue
        for value in _values(source):
            found.update(_queues_in(value))
    return found


def beat_entries(project: Project) -> list[str]:
    """Return the task names of the beat schedules that are written out."""
    found: list[str] = []
    for source in project.relevant:
        for name, value in _named_values(source):
            if "beat" in name and isinstance(value, cst.Dict):
                for node in descendants(value):
                    if isinstance(node, cst.DictElement) and string(node.key) == "task":
                        task = string(node.value)
                        found.append(task if task is not None else "?")
    return found


def _values(source: Source) -> Iterator[cst.BaseExpression]:
    for name, value in _named_values(source):
        if any(name.endswith(suffix) for suffix in _QUEUE_SETTINGS):
            yield value


def _named_values(source: Source) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Yield settings by lower-case name, from settings modules and from `app.conf`."""
    for name, bindings in source.survey.scope.bindings.items():
        for binding in bindings:
            if name.startswith("CELERY") and binding.value is not None:
                yield name.lower(), binding.value
    for chain in source.survey.chains:
        target = chain.frame.up if chain.stored else None
        assign = target.up if target is not None else None
        if "conf" in chain.parts and assign is not None and isinstance(assign.node, cst.Assign):
            yield chain.parts[-1].lower(), assign.node.value


def _queues_in(value: cst.BaseExpression) -> Iterator[str]:
    for node in descendants(value):
        if isinstance(node, cst.DictElement) and string(node.key) == "queue":
            name = string(node.value)
            if name is not None:
                yield name
        elif isinstance(node, cst.Call) and isinstance(node.func, (cst.Name, cst.Attribute)):
            func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
            if func.value == "Queue" and node.args:
                name = string(node.args[0].value)
                if name is not None:
                    yield name
