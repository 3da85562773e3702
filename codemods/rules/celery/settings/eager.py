"""Eager mode in settings."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import is_false, is_true
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Binding, BindingKind
from codemods.engine.settings.block import override, statements
from codemods.engine.settings.homes import Home, Settings
from codemods.engine.site import Kind, Rule
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame
from codemods.rules.celery.settings import backends
from codemods.rules.celery.settings.spellings import canonical

EAGER_SETTING = Rule(
    "CEL503",
    "CELERY_TASK_ALWAYS_EAGER in settings becomes the immediate backend",
    "A settings module or class that switches eager mode on gets a TASKS with "
    "bridge.ImmediateBackend, one that switches it off a TASKS with bridge.CeleryBackend; "
    "CELERY_TASK_EAGER_PROPAGATES becomes PROPAGATE. Celery's own setting stays, for what stays "
    "on Celery.",
    "CELERY_TASK_ALWAYS_EAGER = True",
    'TASKS = {"default": {**TASKS["default"], "BACKEND": "bridge.ImmediateBackend"}}',
)


def bindings_of(home: Home, name: str) -> list[tuple[Home, Binding]]:
    """Return the places that give a Celery setting a value here, those of parts first."""
    return [
        (part, binding)
        for part, spelled, binding in home.all()
        if spelled.isupper() and canonical(spelled) == name
    ]


def plain(home: Home, name: str) -> tuple[Home, Binding] | None:
    """Return the last assignment that no condition decides about."""
    found = [pair for pair in bindings_of(home, name) if pair[0].is_plain(pair[1].frame)]
    return found[-1] if found else None


def spelled(home: Home, found: tuple[Home, Binding]) -> str:
    """Return the setting's value as an expression of this home."""
    part, binding = found
    if binding.value is not None and (is_true(binding.value) or is_false(binding.value)):
        return code(binding.value)
    if part.is_class and part is not home:
        assert part.scope.frame is not None
        assert isinstance(part.scope.frame.node, cst.ClassDef)
        return f"{part.scope.frame.node.name.value}.{binding.name}"
    return binding.name


def backend(home: Home, target: str) -> str:
    """Return the backend of a base, as an expression."""
    found = plain(home, "task_always_eager")
    if found is None or found[1].value is None:
        return backends.usual(target)
    return _chosen(spelled(home, found), target)


def _chosen(value: str, target: str) -> str:
    on, off = backends.immediate(target), backends.usual(target)
    if value == "True" or on == off:
        return on
    return off if value == "False" else f"{on} if {value} else {off}"


def propagate(home: Home) -> str | None:
    """Return what PROPAGATE should be, None where nothing is said."""
    found = plain(home, "task_eager_propagates")
    if found is None or found[1].value is None:
        return None
    value = spelled(home, found)
    return None if value == "False" else value


def runs_and_raises(home: Home) -> bool:
    """Do these settings run tasks at once and let their errors out?"""
    pairs = [bindings_of(home, name) for name in ("task_always_eager", "task_eager_propagates")]
    return all(found and is_true(found[-1][1].value) for found in pairs)


def overrides(home: Home, settings: Settings, target: str) -> Iterator[Outcome]:
    """Yield the edits that override TASKS where eager mode is switched on or off."""
    base = home in settings.bases
    above = backend(home, target) if base else _inherited(home.above, target)
    for part, binding in bindings_of(home, "task_always_eager"):
        if part is not home or (base and home.is_plain(binding.frame)):
            continue
        if binding.kind is BindingKind.FUNCTION:
            reason = "eager mode is computed; say which backend TASKS should have"
            yield Outcome(home.source, binding.frame, EAGER_SETTING.code, Kind.PERSON, reason)
            continue
        if binding.value is None:
            continue
        new = _chosen(spelled(home, (part, binding)), target)
        raising = _propagate_beside(home, settings, target) if new != backends.CELERY else None
        if new == above and raising is None:
            continue
        yield _overriding(home, binding, new, raising)


def _inherited(home: Home | None, target: str) -> str:
    """Return the backend a home ends up with, from its own words or from those above it."""
    if home is None:
        return backends.usual(target)
    own = [b for part, b in bindings_of(home, "task_always_eager") if part is home]
    if own and own[-1].value is not None:
        value = spelled(home, (home, own[-1]))
        return _chosen(value, target) if value in {"True", "False"} else ""
    return backend(home, target) if home.above is None else _inherited(home.above, target)


def _propagate_beside(home: Home, settings: Settings, target: str) -> str | None:
    if target != "bridge":
        return None
    own = bindings_of(home, "task_eager_propagates")
    if own and own[-1][1].value is not None:
        value = spelled(home, own[-1])
        return None if value == "False" else value
    for base in settings.bases if home not in settings.bases else ():
        value = propagate(base) or ""
        # An expression of the base is a name that a class body would not see.
        if value == "True" or (value and not home.is_class):
            return value
    return None


def _overriding(home: Home, binding: Binding, new: str, raising: str | None) -> Outcome:
    anchor = _last_beside(home, statement_of(binding.frame))
    what = "eager mode is ImmediateBackend" if new != backends.CELERY else "tasks go to Celery"
    outcome = Outcome(home.source, anchor, EAGER_SETTING.code, Kind.REWRITE, what)
    inherited = home.parent if home.is_class else ""
    before = f"{inherited}.TASKS" if inherited else "TASKS"
    added = statements(override(new, before, raising))
    outcome.edit(anchor, lambda node: cst.FlattenSentinel([node, *added]))
    return outcome


def _last_beside(home: Home, statement: Frame) -> Frame:
    """Return the last Celery setting in the block of this one, so that TASKS follows them all."""
    if statement.up is None:
        return statement
    order = {id(node): index for index, node in enumerate(getattr(statement.up.node, "body", ()))}
    found = [statement]
    for name, bindings in home.scope.bindings.items():
        if name.isupper() and canonical(name):
            places = (statement_of(binding.frame) for binding in bindings)
            found.extend(place for place in places if id(place.node) in order)
    return max(found, key=lambda place: order[id(place.node)])
