"""Eager mode in a settings module."""

from __future__ import annotations

import libcst as cst

from codemods.engine.scope import Binding
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.settings.block import eager_override, statements
from codemods.rules.celery.task import is_true
from codemods.rules.celery.testing.eager import ALWAYS, PROPAGATES

EAGER_SETTING = Rule(
    "CEL503",
    "CELERY_TASK_ALWAYS_EAGER in settings becomes the immediate backend",
    "A settings module that switches eager mode on gets a TASKS with bridge.ImmediateBackend; "
    "CELERY_TASK_EAGER_PROPAGATES becomes PROPAGATE. Celery's own setting stays, for what stays "
    "on Celery.",
)


def eager_binding(source: Source) -> Binding | None:
    """Return the assignment of the eager setting in a module, the last one if there are more."""
    found = [b for name in ALWAYS for b in source.survey.scope.bindings.get(name, ())]
    return found[-1] if found else None


def propagates(source: Source) -> Binding | None:
    """Return the assignment of the propagating setting in a module."""
    found = [b for name in PROPAGATES for b in source.survey.scope.bindings.get(name, ())]
    return found[-1] if found else None


def runs_and_raises(source: Source) -> bool:
    """Does a settings module run tasks at once and let their errors out?"""
    binding, other = eager_binding(source), propagates(source)
    return (
        binding is not None
        and other is not None
        and is_true(binding.value)
        and is_true(other.value)
    )


def override(source: Source) -> Outcome | None:
    """Return the edit that overrides TASKS where a module switches eager mode on."""
    binding = eager_binding(source)
    if binding is None or not is_true(binding.value):
        return None
    other = propagates(source)
    propagate = other is not None and is_true(other.value)
    anchor = _last_beside(source, statement_of(binding.frame))
    outcome = Outcome(
        source, anchor, EAGER_SETTING.code, Kind.REWRITE, "eager mode is ImmediateBackend"
    )
    new = statements(eager_override(propagate))
    outcome.edit(anchor, lambda node: cst.FlattenSentinel([node, *new]))
    return outcome


def _last_beside(source: Source, statement: Frame) -> Frame:
    """Return the last Celery setting in the block of this one, so that TASKS follows them all."""
    if statement.up is None:
        return statement
    body = list(getattr(statement.up.node, "body", ()))
    order = {id(node): index for index, node in enumerate(body)}
    found = [statement]
    for name, bindings in source.survey.scope.bindings.items():
        if name.startswith(("CELERY_", "BROKER_")):
            places = (statement_of(binding.frame) for binding in bindings)
            found.extend(place for place in places if id(place.node) in order)
    return max(found, key=lambda place: order[id(place.node)])
