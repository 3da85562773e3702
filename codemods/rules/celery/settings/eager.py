"""Eager mode in a settings module."""

from __future__ import annotations

import libcst as cst

from codemods.engine.scope import Binding
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.todo import statement_of
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


def override(source: Source) -> Outcome | None:
    """Return the edit that overrides TASKS where a module switches eager mode on."""
    binding = eager_binding(source)
    if binding is None or not is_true(binding.value):
        return None
    other = propagates(source)
    propagate = other is not None and is_true(other.value)
    anchor = statement_of(binding.frame)
    if propagate and other is not None:
        after = statement_of(other.frame)
        if after.up is not None and anchor.up is not None and after.up.node is anchor.up.node:
            body = list(getattr(anchor.up.node, "body", ()))
            if _index(body, after.node) > _index(body, anchor.node):
                anchor = after
    outcome = Outcome(
        source, anchor, EAGER_SETTING.code, Kind.REWRITE, "eager mode is ImmediateBackend"
    )
    new = statements(eager_override(propagate))
    outcome.edit(anchor, lambda node: cst.FlattenSentinel([node, *new]))
    return outcome


def _index(body: list[cst.CSTNode], node: cst.CSTNode) -> int:
    return next((at for at, item in enumerate(body) if item is node), -1)
