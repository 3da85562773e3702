"""The shape of a canvas expression: which signatures it joins, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from codemods.rules.celery.canvas.step import Step, read_step

CHAIN, GROUP, CHORD, STEP, UNKNOWN = "chain", "group", "chord", "step", "unknown"
Kinds = Callable[[cst.BaseExpression], str]
"""Says which of Celery's primitives a called name is."""


@dataclass(slots=True)
class Form:
    """A primitive and what it joins."""

    kind: str
    parts: list[Form] = field(default_factory=list)
    step: Step | None = None
    calls: cst.BaseExpression | None = None
    """The comprehension or the name that a group is made over."""

    def steps(self) -> Iterator[Step]:
        """Yield every signature below."""
        if self.step is not None:
            yield self.step
        for part in self.parts:
            yield from part.steps()


def read_form(node: cst.BaseExpression, kinds: Kinds) -> Form:
    """Return the shape of an expression."""
    step = read_step(node)
    if step is not None:
        return Form(STEP, step=step)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        parts = [read_form(node.left, kinds), read_form(node.right, kinds)]
        if all(part.kind in {CHAIN, STEP} for part in parts):
            return Form(CHAIN, _flat(parts))
        return Form(UNKNOWN, parts)
    kind = kinds(node.func) if isinstance(node, cst.Call) else ""
    if not isinstance(node, cst.Call) or not kind:
        return Form(UNKNOWN)
    return _joined(kind, node, kinds)


def _joined(kind: str, node: cst.Call, kinds: Kinds) -> Form:
    if any(arg.keyword is not None or arg.star for arg in node.args):
        return Form(CHORD if kind == CHORD else UNKNOWN)
    values = [arg.value for arg in node.args]
    if len(values) == 1 and isinstance(values[0], (cst.List, cst.Tuple)):
        values = [element.value for element in values[0].elements]
    if kind == GROUP and len(values) == 1:
        only = values[0]
        if isinstance(only, (cst.ListComp, cst.GeneratorExp)):
            return Form(GROUP, [read_form(only.elt, kinds)], calls=only)
        if isinstance(only, cst.Name):
            return Form(GROUP, calls=only)
    parts = [read_form(value, kinds) for value in values]
    if kind == CHAIN:
        if not parts or any(part.kind not in {CHAIN, STEP} for part in parts):
            return Form(UNKNOWN, parts)
        return Form(CHAIN, _flat(parts))
    return Form(kind, parts)


def _flat(parts: list[Form]) -> list[Form]:
    return [inner for part in parts for inner in (part.parts if part.kind == CHAIN else [part])]
