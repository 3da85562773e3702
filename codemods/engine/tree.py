"""Walk and rebuild LibCST trees without its visitors, which copy every node they pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import libcst as cst

if TYPE_CHECKING:
    from codemods.engine.scope import Scope

Replacement: TypeAlias = "cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]"
Change: TypeAlias = Callable[[Any], Replacement]

_FORMATTING = frozenset(
    [
        "lpar",
        "rpar",
        "lbracket",
        "rbracket",
        "lbrace",
        "rbrace",
        "comma",
        "semicolon",
        "equal",
        "dot",
        "colon",
        "header",
        "footer",
        "indent",
        "newline",
        "operator",
        "comment",
        "leading_lines",
        "trailing_whitespace",
        "asynchronous",
        "relative",
        "encoding",
        "default_indent",
        "default_newline",
        "has_trailing_newline",
    ]
)


class Frame:
    """A node with the way up to the module and the scope it is evaluated in."""

    __slots__ = ("node", "scope", "up")

    def __init__(self, node: cst.CSTNode, up: Frame | None, scope: Scope) -> None:
        self.node = node
        self.up = up
        self.scope = scope

    def ancestors(self) -> Iterator[Frame]:
        """Yield the enclosing frames, innermost first."""
        frame = self.up
        while frame is not None:
            yield frame
            frame = frame.up

    def enclosing(self, *types: type[cst.CSTNode]) -> Frame | None:
        """Return the nearest enclosing frame of one of these types, itself included."""
        if isinstance(self.node, types):
            return self
        return next((frame for frame in self.ancestors() if isinstance(frame.node, types)), None)


@cache
def child_fields(cls: type[cst.CSTNode]) -> tuple[str, ...]:
    """Return the fields of a node class that hold code rather than formatting."""
    names = (field.name for field in dataclasses.fields(cls))
    return tuple(
        name
        for name in names
        if name not in _FORMATTING
        and not name.startswith(("whitespace", "lines_after", "first_line"))
    )


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the child nodes that hold code, in source order."""
    found: list[cst.CSTNode] = []
    for name in child_fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(item for item in value if isinstance(item, cst.CSTNode))
    return found


def descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the node and everything below it, in source order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def way_to(frame: Frame, node: cst.CSTNode) -> Frame | None:
    """Return the frame of a node somewhere below this one, None if it is not there."""
    stack = [frame]
    while stack:
        current = stack.pop()
        if current.node is node:
            return current
        stack.extend(Frame(child, current, frame.scope) for child in children(current.node))
    return None


def spine(frames: Iterable[Frame]) -> set[int]:
    """Return the ids of every node above these frames."""
    above: set[int] = set()
    for frame in frames:
        for ancestor in frame.ancestors():
            if id(ancestor.node) in above:
                break
            above.add(id(ancestor.node))
    return above


def rebuild(
    node: cst.CSTNode, changes: Mapping[int, Sequence[Change]], above: set[int]
) -> Replacement:
    """Return the tree with each change applied to its node, innermost nodes first."""
    result: Replacement = node
    if id(node) in above:
        updates: dict[str, Any] = {}
        for name in child_fields(type(node)):
            value = getattr(node, name)
            if isinstance(value, cst.CSTNode):
                new: Any = rebuild(value, changes, above)
            elif isinstance(value, (tuple, list)):
                new = _rebuild_all(value, changes, above)
            else:
                continue
            if new is not value:
                updates[name] = new
        if updates:
            result = node.with_changes(**updates)
    for change in changes.get(id(node), ()):
        result = _changed(result, change)
    return result


def _changed(result: Replacement, change: Change) -> Replacement:
    """Apply a change to a node; of one that others were put behind, to the node itself."""
    if isinstance(result, cst.CSTNode):
        return change(result)
    if not isinstance(result, cst.FlattenSentinel):
        return result
    first, *behind = result
    new = change(first)
    if isinstance(new, cst.RemovalSentinel):
        return cst.FlattenSentinel(behind)
    return cst.FlattenSentinel([*([new] if isinstance(new, cst.CSTNode) else new), *behind])


def _rebuild_all(
    nodes: Sequence[Any], changes: Mapping[int, Sequence[Change]], above: set[int]
) -> Sequence[Any]:
    rebuilt: list[Any] = []
    changed = False
    for node in nodes:
        if not isinstance(node, cst.CSTNode):
            rebuilt.append(node)
            continue
        new = rebuild(node, changes, above)
        changed = changed or new is not node
        if isinstance(new, cst.FlattenSentinel):
            rebuilt.extend(new)
        elif isinstance(new, cst.CSTNode):
            rebuilt.append(new)
    return tuple(rebuilt) if changed else nodes
