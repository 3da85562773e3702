"""What holds tasks: a parameter, a variable or an attribute, and the way to them inside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import libcst as cst

from codemods.engine.scope import Chain, Scope
from codemods.engine.source import Source
from codemods.engine.tree import Frame

EACH = "*"
Path: TypeAlias = "tuple[int | str, ...]"
"""How to reach a task in a value: EACH for any item of a list or dict, a number for a tuple's."""


@dataclass(slots=True, eq=False)
class Holder:
    """A name whose values are tasks, or lists, tuples and dicts of them."""

    key: tuple[object, ...]
    source: Source
    name: str
    path: Path
    scope: Scope | None = None
    """Where a variable lives."""
    function: Frame | None = None
    """The function a parameter belongs to."""
    dotted: str = ""
    """What other modules know a function or a variable as."""
    fed: set[int] = field(default_factory=set)
    """Ids of the loops and unpackings that give it a value that is followed."""

    @property
    def called(self) -> str:
        """Return how reasons name it."""
        if self.function is not None:
            return self.dotted.rpartition(".")[2] + "()"
        return self.name if self.scope is not None else f".{self.name}"


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a value arrives."""

    frame: Frame
    path: Path


def taken(path: Path, index: cst.BaseExpression | None) -> Path | None:
    """Return the rest of the way after one item is taken; None when it leads elsewhere."""
    if isinstance(index, cst.Integer) and isinstance(path[0], int):
        return path[1:] if index.evaluated_value == path[0] else None
    return path[1:]


def attributes(frame: Frame) -> Chain:
    """Return the attributes read from the value of an attribute, the outermost included."""
    parts: list[str] = []
    while True:
        assert isinstance(frame.node, cst.Attribute)
        parts.append(frame.node.attr.value)
        up = frame.up
        if up is None or not isinstance(up.node, cst.Attribute) or up.node.value is not frame.node:
            return Chain("", tuple(parts), frame)
        frame = up
