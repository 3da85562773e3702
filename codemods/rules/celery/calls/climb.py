"""Follow a value outwards from the expression it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.engine.scope import Chain
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.holder import EACH, Path, Reached, attributes, taken

HARMLESS = (
    cst.Comparison,
    cst.ComparisonTarget,
    cst.FormattedStringExpression,
    cst.If,
    cst.While,
    cst.Assert,
    cst.UnaryOperation,
    cst.Expr,
    cst.Annotation,
    cst.Decorator,
    cst.Index,
    cst.Del,
)
NOWHERE = "the task is stored or passed on where it cannot be followed"
_SAME = frozenset({"get", "pop", "setdefault"})
_COPIES = frozenset({"values", "copy", "__iter__"})
_MARKS = frozenset({"keys", "remove", "discard", "index", "count", "clear", "sort", "reverse"})
_FILLS = frozenset({"append", "add", "insert", "extend", "update", "appendleft"})


@dataclass(frozen=True, slots=True)
class Sent:
    """An attribute is read from a task: `<value>.delay`."""

    chain: Chain
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A value is given to the target of an assignment, a loop or a with."""

    target: cst.CSTNode
    frame: Frame
    """The statement, or the comprehension's for."""
    path: Path


@dataclass(frozen=True, slots=True)
class Passed:
    """A value is an argument."""

    call: Frame
    arg: cst.Arg
    path: Path


@dataclass(frozen=True, slots=True)
class Returned:
    """A function returns the value."""

    frame: Frame
    path: Path


@dataclass(frozen=True, slots=True)
class Default:
    """A value is the default of a parameter."""

    param: Frame
    path: Path


@dataclass(frozen=True, slots=True)
class Lost:
    """A value goes where nobody can follow it."""

    reason: str = NOWHERE


Step = Reached | Sent | Bound | Passed | Returned | Default | Lost


def climb(frame: Frame, path: Path) -> Iterator[Step]:
    """Yield where the value of an expression goes from there; nothing when nowhere."""
    up = frame.up
    if up is None or isinstance(up.node, HARMLESS):
        return
    for types, follow in _FOLLOW:
        if isinstance(up.node, types):
            yield from follow(up, frame, path)
            return
    yield Lost()


def method(call: Frame, name: str, path: Path) -> Iterator[Step]:
    """Yield where a container's tasks go when one of its methods is called."""
    if name in _SAME:
        yield Reached(call, path[1:])
    elif name in _COPIES:
        yield Reached(call, path)
    elif name == "items":
        yield Reached(call, (EACH, 1, *path[1:]))
    elif name not in _MARKS and name not in _FILLS:
        yield Lost(f".{name}() of a container of tasks cannot be followed")


def _wrapped(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    if not (isinstance(up.node, cst.IfExp) and up.node.test is frame.node):
        yield Reached(up, path)


def _attribute(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    chain = attributes(up)
    yield from read(chain, chain.parts, path)


def read(chain: Chain, rest: tuple[str, ...], path: Path) -> Iterator[Step]:
    """Yield what reading attributes of a value leads to."""
    if not path:
        yield Sent(chain, rest)
        return
    call = chain.frame.up
    called = call is not None and isinstance(call.node, cst.Call)
    if len(rest) == 1 and called and call is not None and call.node.func is chain.frame.node:  # type: ignore[attr-defined]
        yield from method(call, rest[0], path)
    else:
        yield Lost(f".{rest[0]} of a container of tasks cannot be followed")


def _called(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    if path:
        yield Lost()


def _subscript(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    assert isinstance(up.node, cst.Subscript)
    inner = up.node.slice[0].slice if len(up.node.slice) == 1 else None
    if not path or inner is None:
        yield Lost()
    elif isinstance(up.up.node if up.up else None, (cst.AssignTarget, cst.Del)):
        return
    elif isinstance(inner, cst.Index):
        rest = taken(path, inner.value)
        if rest is not None:
            yield Reached(up, rest)
    else:
        yield Reached(up, (EACH, *path[1:]))


def _element(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    holder = up.up
    if holder is None or isinstance(up.node, cst.StarredDictElement):
        yield Lost()
    elif isinstance(up.node, cst.StarredElement):
        yield Reached(holder, (EACH, *path[1:]))
    elif isinstance(up.node, cst.DictElement):
        yield Reached(holder, (EACH, *path)) if up.node.value is frame.node else Lost()
    elif isinstance(holder.node, cst.Tuple):
        index = next(at for at, each in enumerate(holder.node.elements) if each is up.node)
        starred = any(isinstance(each, cst.StarredElement) for each in holder.node.elements)
        yield Reached(holder, (EACH if starred else index, *path))
    else:
        yield Reached(holder, (EACH, *path))


def _comprehension(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    yield Reached(up, (EACH, *path))


def _loop(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    assert isinstance(up.node, (cst.For, cst.CompFor))
    if up.node.iter is frame.node:
        yield Bound(up.node.target, up, path[1:]) if path else Lost()


def _assign(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    if isinstance(up.node, cst.Assign):
        for target in up.node.targets:
            yield Bound(target.target, up, path)
    elif isinstance(up.node, cst.AnnAssign):
        yield Bound(up.node.target, up, path)
    else:
        assert isinstance(up.node, cst.NamedExpr)
        yield Bound(up.node.target, up, path)
        yield Reached(up, path)


def _argument(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    call = up.up
    assert isinstance(up.node, cst.Arg)
    if call is None or not isinstance(call.node, cst.Call):
        yield Lost()
    else:
        yield Passed(call, up.node, path)


def _return(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    yield Returned(up, path)


def _default(up: Frame, frame: Frame, path: Path) -> Iterator[Step]:
    yield Default(up, path)


_Follow = Callable[[Frame, Frame, Path], Iterator[Step]]
_FOLLOW: tuple[tuple[tuple[type[cst.CSTNode], ...], _Follow], ...] = (
    ((cst.IfExp, cst.BooleanOperation, cst.Await), _wrapped),
    ((cst.Attribute,), _attribute),
    ((cst.Call,), _called),
    ((cst.Subscript,), _subscript),
    ((cst.Element, cst.StarredElement, cst.DictElement, cst.StarredDictElement), _element),
    ((cst.ListComp, cst.GeneratorExp, cst.SetComp), _comprehension),
    ((cst.For, cst.CompFor), _loop),
    ((cst.Assign, cst.AnnAssign, cst.NamedExpr), _assign),
    ((cst.Arg,), _argument),
    ((cst.Return,), _return),
    ((cst.Param,), _default),
)
