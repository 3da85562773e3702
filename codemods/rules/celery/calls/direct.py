"""Direct calls of a task, and uses of the task itself."""

from __future__ import annotations

import libcst as cst

from codemods.engine.scope import BindingKind
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.calls.delay import outcome_of
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.study import Study, Use

DIRECT = Rule(
    "CEL206",
    "A direct call of a task that takes a context",
    "Calling a task calls its function, as in Celery, and the task supplies the context as Celery "
    "supplied self. That context has an id of its own where Celery had none, and another attempt "
    "the body asks for reaches the caller as Retry, where Celery raised the cause.",
)
VALUE = Rule(
    "CEL209",
    "A task is passed on or stored",
    "A task passed to a project function that sends it is followed: when every caller passes a "
    "converted task, the function is rewritten too. A task in a list, a dict or an attribute, or "
    "passed where nobody can follow it, stays on Celery.",
)

_HARMLESS = (
    cst.Comparison,
    cst.ComparisonTarget,
    cst.FormattedStringExpression,
    cst.If,
    cst.Assert,
    cst.UnaryOperation,
    cst.Expr,
    cst.Annotation,
    cst.Decorator,
)


def bare(study: Study, use: Use) -> Outcome | None:
    """Judge a use of the task object itself; arguments are judged by the flow rule."""
    up = use.chain.frame.up
    if up is None or isinstance(up.node, _HARMLESS):
        return None
    if isinstance(up.node, cst.Call):
        return _direct(study, use)
    if _is_alias(use):
        return None
    reason = "the task is stored or passed on where it cannot be followed"
    outcome = outcome_of(use, VALUE.code, reason, Kind.PERSON)
    outcome.blocks = not use.source.is_test
    outcome.counted = outcome.blocks
    return outcome


def _direct(study: Study, use: Use) -> Outcome | None:
    if use.task.key not in study.takes_context:
        return None
    reason = "a direct call gets a context with an id of its own"
    if use.task.key in study.asks:
        reason = "another attempt asked for in a direct call raises Retry, not the cause"
    return outcome_of(use, DIRECT.code, reason, Kind.CHANGE)


def _is_alias(use: Use) -> bool:
    """Is the task assigned to plain names that mean nothing else?"""
    up = use.chain.frame.up
    if up is None or not isinstance(up.node, cst.Assign) or use.chain.stored:
        return False
    for target in up.node.targets:
        if not isinstance(target.target, cst.Name):
            return False
        bindings = up.scope.bindings.get(target.target.value, [])
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.ASSIGN:
            return False
    return True
