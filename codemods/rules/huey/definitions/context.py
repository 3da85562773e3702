"""context=True: the task that Huey passes as `task=` becomes a context."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.respelling import respelled
from codemods.engine.scope import Chain
from codemods.engine.site import Rule
from codemods.engine.tree import Frame
from codemods.rules.huey.task import HueyTask

CONTEXT = Rule(
    "HUE304",
    "context=True becomes takes_context=True",
    "Huey passes its task as the keyword argument task, the new decorator a context as the first "
    "argument. task.id, task.args and task.kwargs are those of context.task_result. A task whose "
    "function does more with it stays on Huey: retries counts down there and attempts up here.",
    "@task(context=True)\ndef send(pk, task=None):\n    print(task.id)",
    "@task(takes_context=True)\ndef send(context, pk):\n    print(context.task_result.id)",
)
_SAME = frozenset({"id", "args", "kwargs"})
_NAME = "task"
_NEW = "context"


def problem_of_context(task: HueyTask) -> str:
    """Say why the task that Huey passes cannot become a context, if it cannot."""
    if _parameter(task) is None:
        return "context=True passes task=, which is not among the parameters"
    if any(chain.root == _NEW for chain in _inside(task)) or _has(task, _NEW):
        return "the function has a name context already"
    for chain in _uses(task):
        if not chain.parts:
            return "the task that context=True passes is handed on or looked at"
        if chain.parts[0] not in _SAME or chain.stored:
            return f"task.{chain.parts[0]} has no counterpart in a context"
    return ""


def context_edits(task: HueyTask) -> list[Edit]:
    """Return the edits of the parameters and of every use."""
    place = Frame(task.node.params, task.frame, task.frame.scope)
    words = [_NEW, "task_result"]
    edits = [respelled(chain, 2, [*words, chain.parts[0]]) for chain in _uses(task)]
    return [Edit(place, _with_context), *edits]


def _parameter(task: HueyTask) -> cst.Param | None:
    params = task.node.params
    found = (*params.params, *params.kwonly_params)
    return next((param for param in found if param.name.value == _NAME), None)


def _has(task: HueyTask, name: str) -> bool:
    params = task.node.params
    every = (*params.posonly_params, *params.params, *params.kwonly_params)
    return any(param.name.value == name for param in every)


def _inside(task: HueyTask) -> list[Chain]:
    body = task.node.body
    return [
        chain
        for chain in task.source.survey.chains
        if any(frame.node is body for frame in chain.frame.ancestors())
    ]


def _uses(task: HueyTask) -> list[Chain]:
    """Return the places in the function that read its parameter."""
    found = []
    for chain in _inside(task):
        owner = chain.frame.scope.lookup(_NAME) if chain.root == _NAME else None
        frame = owner[0].frame if owner is not None else None
        if frame is not None and frame.node is task.node:
            found.append(chain)
    return found


def _with_context(node: Any) -> cst.CSTNode:
    plain = [param for param in node.params if param.name.value != _NAME]
    named = [param for param in node.kwonly_params if param.name.value != _NAME]
    context = cst.Param(cst.Name(_NEW))
    first = [context, *node.posonly_params] if node.posonly_params else []
    changes: dict[str, Any] = {
        "posonly_params": first,
        "params": plain if first else [context, *plain],
        "kwonly_params": named,
    }
    if isinstance(node.star_arg, cst.ParamStar) and not named:
        changes["star_arg"] = cst.MaybeSentinel.DEFAULT
    last = next((key for key in ("kwonly_params", "params") if changes[key]), "")
    if last and not isinstance(node.star_kwarg, cst.Param):
        end = changes[last][-1]
        if last == "kwonly_params" or isinstance(
            changes.get("star_arg", node.star_arg), cst.MaybeSentinel
        ):
            changes[last] = [*changes[last][:-1], end.with_changes(comma=cst.MaybeSentinel.DEFAULT)]
    return node.with_changes(**changes)  # type: ignore[no-any-return]
