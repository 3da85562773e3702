"""What code does with the result of a call that enqueues."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.scope import BindingKind, Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.huey.study import Use

RESULT = Rule(
    "HUE207",
    "The result of enqueueing is used",
    "A TaskResult has id, status, is_finished and return_value, and does not wait; .revoke() is "
    ".cancel(). In tests, where tasks run at once, result(), .get() and .get(blocking=True) become "
    ".return_value. In production code they ask for what a worker returns, or wait for it; nothing "
    "here does, so the task stays on Huey.",
    "result = send(1)\nresult.revoke()",
    "result = send.enqueue(1)\nresult.cancel()",
)
_WAITS = frozenset({"blocking", "timeout", "backoff", "max_delay", "revoke_on_timeout", "preserve"})
_ASKS = frozenset({"get", "is_revoked", "is_ready", "reschedule", "restore", "reset"})


def apply_result(use: Use, outcome: Outcome, call: Frame) -> None:
    """Add what becomes of the result of a call."""
    up = call.up
    if up is None or isinstance(up.node, (cst.Expr, cst.Lambda)):
        return
    if isinstance(up.node, cst.Call) and up.node.func is call.node:
        _value(use, outcome, up)
    elif isinstance(up.node, cst.Attribute):
        _attribute(use, outcome, up)
    elif isinstance(up.node, cst.Assign) and _name(up.node):
        _assigned(use, outcome, up, _name(up.node))
    elif outcome.kind is not Kind.PERSON:
        asked = _asked_nearby(use, call)
        if asked:
            _waits(use, outcome, asked)
        else:
            _changed(outcome, "hands on a TaskResult in place of Huey's Result")


def _value(use: Use, outcome: Outcome, call: Frame) -> None:
    """Judge `x(1)()`: the value, once it is there."""
    if not use.source.is_test or not _only_waits(call):
        _waits(use, outcome, "()")
        return
    outcome.edits.append(Edit(call, _value_of_call))
    _changed(outcome, "the value is .return_value, which does not wait")


def _attribute(use: Use, outcome: Outcome, frame: Frame) -> None:
    """Judge `x(1).name`."""
    assert isinstance(frame.node, cst.Attribute)
    name = frame.node.attr.value
    up = frame.up
    called = up is not None and isinstance(up.node, cst.Call) and up.node.func is frame.node
    if name == "id":
        return
    if name == "get" and called and up is not None and use.source.is_test and _only_waits(up):
        outcome.edits.append(Edit(up, _value_of_get))
        _changed(outcome, ".get() is .return_value, which does not wait")
    else:
        _waits(use, outcome, f".{name}")


def _assigned(use: Use, outcome: Outcome, assign: Frame, name: str) -> None:
    """Judge the uses of `result` after `result = x(1)`."""
    bindings = assign.scope.bindings.get(name, [])
    local = assign.scope.parent is not None
    if len(bindings) != 1 or bindings[0].kind is not BindingKind.ASSIGN or not local:
        asked = _asked_of(use, name, assign)
        if asked:
            _waits(use, outcome, asked)
        else:
            _changed(outcome, f"{name} is a TaskResult in place of Huey's Result")
        return
    for chain in use.source.survey.chains:
        found = chain.frame.scope.lookup(name) if chain.root == name else None
        if found is not None and found[0] is assign.scope:
            _later(use, outcome, chain)


def _later(use: Use, outcome: Outcome, chain: Chain) -> None:
    up = chain.frame.up
    called = up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node
    if not chain.parts:
        if called and up is not None:
            _value(use, outcome, up)
        elif outcome.kind is Kind.REWRITE:
            _changed(outcome, f"{chain.root} is a TaskResult in place of Huey's Result")
        return
    name = chain.parts[0]
    if name == "id":
        return
    if name == "get" and called and up is not None and use.source.is_test and _only_waits(up):
        outcome.edits.append(Edit(up, _value_of_get))
        _changed(outcome, ".get() is .return_value, which does not wait")
    elif name == "revoke" and called and up is not None and not up.node.args:  # type: ignore[attr-defined]
        outcome.edits.append(rename_part(chain, 0, "cancel"))
        _changed(outcome, ".revoke() is .cancel(), which also asks a running task to stop")
    else:
        _waits(use, outcome, f".{name}")


def _asked_nearby(use: Use, call: Frame) -> str:
    """Return what is asked of results in the function that collects one."""
    around = call.enclosing(cst.FunctionDef)
    if around is None or use.source.is_test:
        return ""
    for chain in use.source.survey.chains:
        last = chain.parts[-1] if chain.parts else ""
        if last not in _ASKS or not _is_called(chain):
            continue
        # What is asked with a key is a dict rather than a result.
        if any(arg.keyword is None for arg in chain.frame.up.node.args):  # type: ignore[union-attr]
            continue
        if any(frame.node is around.node for frame in chain.frame.ancestors()):
            return f".{last}"
    return ""


def _asked_of(use: Use, name: str, assign: Frame) -> str:
    """Return what is asked of a name that several statements bind."""
    for chain in use.source.survey.chains:
        found = chain.frame.scope.lookup(name) if chain.root == name else None
        if found is None or found[0] is not assign.scope:
            continue
        if chain.parts[:1] == ("id",):
            continue
        if chain.parts or _is_called(chain):
            return f".{chain.parts[0]}" if chain.parts else "()"
    return ""


def _is_called(chain: Chain) -> bool:
    up = chain.frame.up
    return up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node


def _waits(use: Use, outcome: Outcome, what: str) -> None:
    outcome.code, outcome.kind = RESULT.code, Kind.PERSON
    outcome.blocks = not use.source.is_test
    outcome.reason = f"{what} of the result has no counterpart; ask the ledger by its id"


def _changed(outcome: Outcome, reason: str) -> None:
    if outcome.kind is not Kind.PERSON:
        outcome.code, outcome.kind, outcome.reason = RESULT.code, Kind.CHANGE, reason


def _name(node: cst.Assign) -> str:
    if len(node.targets) == 1 and isinstance(node.targets[0].target, cst.Name):
        return node.targets[0].target.value
    return ""


def _only_waits(call: Frame) -> bool:
    assert isinstance(call.node, cst.Call)
    names = {arg.keyword.value if arg.keyword else "" for arg in call.node.args if not arg.star}
    return names <= {*_WAITS, ""} and len(call.node.args) == len(names)


def _value_of_call(node: Any) -> cst.CSTNode:
    return cst.Attribute(
        value=node.func, attr=cst.Name("return_value"), lpar=node.lpar, rpar=node.rpar
    )


def _value_of_get(node: Any) -> cst.CSTNode:
    attr = cst.Name("return_value")
    return node.func.with_changes(attr=attr, lpar=node.lpar, rpar=node.rpar)  # type: ignore[no-any-return]
