"""What a project tells Celery: in Django's settings, in `app.conf`, in a module of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.engine.literals import mapping, string
from codemods.engine.project import Project
from codemods.engine.scope import Chain, Scope
from codemods.engine.settings.homes import Home, Settings
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.settings.spellings import canonical

_OF_THE_APP = {"broker": "broker_url", "backend": "result_backend", "include": "include"}


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One place that gives a Celery setting a value."""

    name: str
    """Celery's present name: task_acks_late."""
    spelled: str
    source: Source
    frame: Frame
    scope: Scope
    node: cst.BaseExpression | None
    home: Home | None = None
    """The Django settings it stands in; None in app.conf and the like."""

    @property
    def is_test(self) -> bool:
        """Is it said in tests only?"""
        return self.source.is_test


class CelerySettings:
    """Every value, in the order bases, children, app."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self.django = settings
        self.namespaces = sorted({"CELERY", *_namespaces(project)})
        self.values: list[Value] = []
        seen: set[int] = set()
        for home in settings.homes:
            for part, name, binding in home.all():
                known = canonical(name, self.namespaces) if name.isupper() else ""
                if known and id(binding) not in seen:
                    seen.add(id(binding))
                    self.values.append(
                        Value(
                            known,
                            name,
                            part.source,
                            binding.frame,
                            binding.frame.scope,
                            binding.value,
                            home,
                        )
                    )
        for source in project.relevant:
            self.values.extend(_of_apps(project, source))

    def named(self, *names: str) -> Iterator[Value]:
        """Yield the values of these settings."""
        for value in self.values:
            if value.name in names:
                yield value

    def text(self, name: str) -> str | None:
        """Return the first literal string given, those of tests last."""
        for value in sorted(self.named(name), key=lambda value: value.is_test):
            found = string(value.node)
            if found is not None:
                return found
        return None


def _namespaces(project: Project) -> Iterator[str]:
    for source in project.relevant:
        for call in _calls(source, "config_from_object"):
            for arg in call.node.args:  # type: ignore[attr-defined]
                name = string(arg.value)
                if arg.keyword is not None and arg.keyword.value == "namespace" and name:
                    yield name


def _calls(source: Source, *methods: str) -> Iterator[Frame]:
    for chain in source.survey.chains:
        up = chain.frame.up
        if chain.parts[-1:] and chain.parts[-1] in methods and _is_called(chain, up):
            assert up is not None
            yield up


def _is_called(chain: Chain, up: Frame | None) -> bool:
    return up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node


def _of_apps(project: Project, source: Source) -> Iterator[Value]:
    for chain in source.survey.chains:
        up = chain.frame.up
        if chain.stored and chain.parts[-2:-1] == ("conf",):
            name = canonical(chain.parts[-1])
            assign = up.up if up is not None else None
            if name and assign is not None and isinstance(assign.node, cst.Assign):
                yield _value(source, name, chain.parts[-1], assign, assign.node.value)
        elif chain.parts[-2:] == ("conf", "update") and _is_called(chain, up):
            assert up is not None
            yield from _updated(source, up)
        elif chain.parts[-1:] == ("config_from_object",) and _is_called(chain, up):
            assert up is not None
            yield from _from_object(project, source, up)
        elif chain.dotted.rpartition(".")[2] == "Celery" and _is_called(chain, up):
            assert up is not None
            for arg in up.node.args:  # type: ignore[attr-defined]
                if arg.keyword is not None and arg.keyword.value in _OF_THE_APP:
                    spelled = arg.keyword.value
                    yield _value(source, _OF_THE_APP[spelled], spelled, up, arg.value)


def _value(
    source: Source, name: str, spelled: str, frame: Frame, node: cst.BaseExpression | None
) -> Value:
    return Value(name, spelled, source, frame, frame.scope, node)


def _updated(source: Source, call: Frame) -> Iterator[Value]:
    assert isinstance(call.node, cst.Call)
    for arg in call.node.args:
        if arg.keyword is not None:
            entries = {arg.keyword.value: arg.value}
        else:
            entries = mapping(arg.value) or {}
        for spelled, node in entries.items():
            name = canonical(spelled)
            if name:
                yield _value(source, name, spelled, call, node)


def _from_object(project: Project, source: Source, call: Frame) -> Iterator[Value]:
    """Yield the settings of the module or class that config_from_object names."""
    assert isinstance(call.node, cst.Call)
    if not call.node.args:
        return
    given = call.node.args[0].value
    dotted = string(given)
    if dotted is not None:
        target = project.resolve_dotted(dotted.replace(":", "."))
    else:
        name = dotted_name(given)
        target = project.resolve_name(tuple(name.split(".")), call.scope, source) if name else None
    target = project.open(target) if target is not None else None
    if target is None or target.source is None or target.rest:
        return
    scope = target.source.survey.scope
    if target.binding is not None:
        frame = target.binding.frame
        scopes = target.source.survey.class_scopes
        inner = next((s for s in scopes if s.frame and s.frame.node is frame.node), None)
        if inner is None:
            return
        scope = inner
    for spelled, bindings in scope.bindings.items():
        found = canonical(spelled)
        for binding in bindings if found else ():
            yield _value(target.source, found, spelled, binding.frame, binding.value)
