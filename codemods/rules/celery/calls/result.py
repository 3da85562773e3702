"""What code does with the result of sending a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.outcome import rename_part
from codemods.engine.scope import BindingKind, Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame

RESULT = Rule(
    "CEL207",
    "The result of sending a task is used",
    "A TaskResult has id, status, is_finished and return_value, and does not wait. .id stays; in "
    "tests, where tasks run at once, .get() and .result become .return_value. In production code "
    ".get() waits for a worker; nothing here does, so the task stays on Celery.",
)

_ASKS = frozenset({"collect", "failed", "forget", "get", "ready", "revoke", "successful", "wait"})
"""What code calls on results, without positional arguments, and rarely on anything else."""
_SAME = {"id": "id", "task_id": "id"}


@dataclass(slots=True)
class ResultUse:
    """What follows from the use of a result."""

    edits: list[Edit] = field(default_factory=list)
    kind: Kind = Kind.REWRITE
    reason: str = ""
    blocks: bool = False


def judge_result(call: Frame, source: Source) -> ResultUse:
    """Say what becomes of the result of a call that sends a task."""
    use = ResultUse()
    up = call.up
    if up is None or isinstance(up.node, (cst.Expr, cst.Lambda)):
        return use
    if isinstance(up.node, cst.Attribute):
        _attribute(use, up, source)
    elif isinstance(up.node, cst.Assign) and _single_name(up.node):
        _assigned(use, up, _single_name(up.node), source)
    else:
        asked = "" if source.is_test else _asked_nearby(call, source)
        use.kind, use.blocks = (Kind.PERSON, True) if asked else (Kind.CHANGE, False)
        use.reason = "hands on a TaskResult in place of an AsyncResult"
        if asked:
            use.reason = f".{asked} of the result has no counterpart that waits for a worker"
    return use


def _asked_nearby(call: Frame, source: Source) -> str:
    """Return what is asked of a result in the function that keeps one, or in the class."""
    around = call.enclosing(cst.FunctionDef)
    stored = call.enclosing(cst.Assign)
    if stored is not None and isinstance(stored.node.targets[0].target, cst.Attribute):  # type: ignore[attr-defined]
        around = call.enclosing(cst.ClassDef) or around
    for chain in source.survey.chains if around is not None else ():
        name = chain.parts[-1] if chain.parts else ""
        up = chain.frame.up
        if name not in _ASKS or up is None or not _calls(up, chain.frame):
            continue
        keywords_only = all(arg.keyword is not None for arg in up.node.args)  # type: ignore[attr-defined]
        inside = any(frame.node is around.node for frame in chain.frame.ancestors())  # type: ignore[union-attr]
        if inside and keywords_only:
            return name
    return ""


def _attribute(use: ResultUse, frame: Frame, source: Source) -> None:
    """Judge `x.delay(...).name`."""
    assert isinstance(frame.node, cst.Attribute)
    name = frame.node.attr.value
    if name in _SAME:
        if _SAME[name] != name:
            use.edits.append(Edit(frame, _with_attr(_SAME[name])))
        return
    call = frame.up if frame.up is not None and _calls(frame.up, frame) else None
    if name == "get" and call is not None and source.is_test and _only_waits(call):
        use.edits.append(Edit(call, _uncalled("return_value")))
        use.kind, use.reason = Kind.CHANGE, ".get() is .return_value, which does not wait"
    elif name == "result" and source.is_test:
        use.edits.append(Edit(frame, _with_attr("return_value")))
        use.kind, use.reason = Kind.CHANGE, ".result is .return_value, which does not wait"
    else:
        use.kind, use.blocks = Kind.PERSON, not source.is_test
        use.reason = f".{name} of the result has no counterpart that waits for a worker"


def _assigned(use: ResultUse, assign: Frame, name: str, source: Source) -> None:
    """Judge the uses of `result` after `result = x.delay(...)`."""
    bindings = assign.scope.bindings.get(name, [])
    local = assign.scope.parent is not None
    if len(bindings) != 1 or bindings[0].kind is not BindingKind.ASSIGN or not local:
        use.kind = Kind.CHANGE
        use.reason = f"{name} is a TaskResult in place of an AsyncResult"
        return
    for chain in source.survey.chains:
        if chain.root != name:
            continue
        found = chain.frame.scope.lookup(name)
        if found is not None and found[0] is assign.scope:
            _later_use(use, chain, source)


def _later_use(use: ResultUse, chain: Chain, source: Source) -> None:
    if not chain.parts:
        if use.kind is Kind.REWRITE:
            use.kind = Kind.CHANGE
            use.reason = f"{chain.root} is a TaskResult in place of an AsyncResult"
        return
    name = chain.parts[0]
    up = chain.frame.up
    called = up is not None and _calls(up, chain.frame)
    if name in _SAME:
        if _SAME[name] != name:
            use.edits.append(rename_part(chain, 0, _SAME[name]))
    elif name == "get" and source.is_test and called and up is not None and _only_waits(up):
        use.edits.append(Edit(up, _uncalled("return_value")))
        use.kind, use.reason = Kind.CHANGE, ".get() is .return_value, which does not wait"
    elif name == "result" and source.is_test:
        use.edits.append(rename_part(chain, 0, "return_value"))
        use.kind, use.reason = Kind.CHANGE, ".result is .return_value, which does not wait"
    else:
        use.kind, use.blocks = Kind.PERSON, use.blocks or not source.is_test
        use.reason = f".{name} of the result has no counterpart that waits for a worker"


def _single_name(node: cst.Assign) -> str:
    if len(node.targets) == 1 and isinstance(node.targets[0].target, cst.Name):
        return node.targets[0].target.value
    return ""


def _calls(up: Frame, func: Frame) -> bool:
    return isinstance(up.node, cst.Call) and up.node.func is func.node


def _only_waits(call: Frame) -> bool:
    assert isinstance(call.node, cst.Call)
    names = {arg.keyword.value if arg.keyword else "timeout" for arg in call.node.args}
    return names <= {"timeout", "interval", "disable_sync_subtasks"}


def _with_attr(name: str) -> Any:
    return lambda node: node.with_changes(attr=cst.Name(name))


def _uncalled(name: str) -> Any:
    return lambda node: node.func.with_changes(
        attr=cst.Name(name), lpar=[*node.lpar, *node.func.lpar], rpar=[*node.func.rpar, *node.rpar]
    )
