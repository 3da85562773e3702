"""A task that is not called where it is named."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.scope import BindingKind, ScopeKind
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.huey.calls.pipeline import followed
from codemods.rules.huey.names import CALL_OPTIONS
from codemods.rules.huey.study import Study, Use
from codemods.rules.huey.testing.objects import patched_object

CALLBACK = Rule(
    "HUE205",
    "A task that is called later becomes .enqueue",
    "transaction.on_commit(x), partial(x, 1), map(x, ids), sync_to_async(x) and a loop of these "
    "call what they are given: x.enqueue, since calling x would run its function.",
    "transaction.on_commit(partial(send, order.pk))",
    "transaction.on_commit(partial(send.enqueue, order.pk))",
)
VALUE = Rule(
    "HUE209",
    "A task is passed on or stored",
    "A task in a list, a dict, an attribute, an argument or a return value is called where this "
    "codemod cannot follow it, and a call that is not rewritten would run the function in place. "
    "Such a task stays on Huey. Store what is to be called instead: x.enqueue after the rewrite.",
)
_CALLS = frozenset(
    [
        "functools.partial",
        "django.db.transaction.on_commit",
        "asgiref.sync.sync_to_async",
        "map",
    ]
)
_METHODS = frozenset({"on_commit"})


def passed(study: Study, use: Use) -> Outcome | None:
    """Judge a task that is handed on."""
    up = use.chain.frame.up
    if up is None or isinstance(up.node, cst.Decorator):
        return use.person(VALUE, "the task is used as a decorator")
    if _is_alias(use, up):
        return None
    if isinstance(up.node, cst.Arg) and up.up is not None and isinstance(up.up.node, cst.Call):
        first = followed(study, use)
        if first is not None:
            # The pipeline is rewritten with both tasks, or stays with both.
            study.groups.append(frozenset({first.task.key, use.task.key}))
            return None
        named = patched_object(study, use, up, up.up)
        if named is not None:
            return named
        reason = _called_later(study, use, up, up.up)
        if reason == "":
            outcome = use.outcome(CALLBACK, "what is called later is .enqueue")
            outcome.edit(use.chain.frame, _with_enqueue)
            return outcome
        if reason:
            return use.person(CALLBACK, reason)
    if isinstance(up.node, cst.Expr):
        return None
    return use.person(VALUE, "the task is passed on or stored")


def _called_later(study: Study, use: Use, arg: Frame, call: Frame) -> str | None:
    """Return nothing for an argument that is called, the reason it cannot be, None if unknown."""
    assert isinstance(call.node, cst.Call)
    assert isinstance(arg.node, cst.Arg)
    name = dotted_name(call.node.func)
    full = study.full(call.node.func, call.scope, use.source) or name
    if full not in _CALLS and name.rpartition(".")[2] not in _METHODS:
        return None
    if arg.node.star or arg.node.keyword is not None or call.node.args[0] is not arg.node:
        return None
    taken = [
        one.keyword.value
        for one in call.node.args
        if one.keyword is not None and one.keyword.value in CALL_OPTIONS
    ]
    if taken:
        return f"{taken[0]}= is Huey's; write a lambda that calls the task with it"
    return ""


def _is_alias(use: Use, up: Frame) -> bool:
    """Is it `other = task`, a name that leads to the task wherever it is used?"""
    if not isinstance(up.node, cst.Assign) or up.node.value is not use.chain.frame.node:
        return False
    if up.scope.kind is ScopeKind.CLASS:
        return False
    for target in up.node.targets:
        if not isinstance(target.target, cst.Name):
            return False
        same = up.scope.bindings.get(target.target.value, [])
        if len(same) != 1 or same[0].kind is not BindingKind.ASSIGN:
            return False
    return True


def _with_enqueue(node: Any) -> cst.CSTNode:
    return cst.Attribute(value=node, attr=cst.Name("enqueue"))
