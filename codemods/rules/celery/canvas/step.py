"""A signature, taken apart: `x.s(1).set(queue="slow")`."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.literals import is_false, is_none, is_true, mapping
from codemods.rules.celery.calls.shape import read_shape

MAKERS = frozenset({"s", "si", "signature", "subtask"})
DROPPED = frozenset({"ignore_result", "compression", "retry", "retry_policy", "app", "type"})


@dataclass(slots=True)
class Step:
    """One task of a canvas with its arguments and options."""

    task: cst.BaseExpression
    maker: cst.Call
    """The call that makes the signature, options aside."""
    args: list[cst.Arg] = field(default_factory=list)
    options: dict[str, cst.BaseExpression] = field(default_factory=dict)
    immutable: bool = False
    problem: str = ""


def read_step(node: cst.BaseExpression) -> Step | None:
    """Return the parts of a signature, None for anything else."""
    sets: list[cst.Call] = []
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        name = node.func.attr.value
        if name in MAKERS:
            step = _made(node, node.func.value, name)
            for call in reversed(sets):
                _set(step, call)
            return step
        if name != "set":
            return None
        sets.append(node)
        node = node.func.value
    return None


def _made(call: cst.Call, task: cst.BaseExpression, name: str) -> Step:
    step = Step(task, call)
    if name in {"s", "si"}:
        step.args = list(call.args)
        step.immutable = name == "si"
        return step
    shape = read_shape(call.args)
    step.problem = shape.problem
    step.args = shape.args
    # A third positional argument is options=, not apply_async's task_id=.
    given = shape.options.pop("task_id", None)
    for value in (given, shape.options.pop("options", None)):
        entries = mapping(value) if value is not None else {}
        if entries is None:
            step.problem = "the options of the signature cannot be read here"
        for key, each in (entries or {}).items():
            _option(step, key, each)
    for key, each in shape.options.items():
        _option(step, key, each)
    return step


def _set(step: Step, call: cst.Call) -> None:
    for arg in call.args:
        if arg.keyword is None:
            step.problem = "set() of the signature hides its options"
            return
        _option(step, arg.keyword.value, arg.value)


def _option(step: Step, name: str, value: cst.BaseExpression) -> None:
    if name == "immutable":
        if not (is_true(value) or is_false(value)):
            step.problem = "immutable= of the signature is not known"
        step.immutable = is_true(value)
    elif name not in DROPPED and not is_none(value):
        step.options[name] = value
