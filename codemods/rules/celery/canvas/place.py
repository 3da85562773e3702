"""Where a signature goes: the whole canvas it is part of, and the call that starts it."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.scope import BindingKind, Chain, ScopeKind
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.canvas.form import CHAIN, CHORD, GROUP
from codemods.rules.celery.study import Study, Use

_PRIMITIVES = {
    f"celery.{module}{name}": name for module in ("", "canvas.") for name in (CHAIN, GROUP, CHORD)
}
_LITERALS = (cst.List, cst.Tuple, cst.ListComp, cst.GeneratorExp)


@dataclass(slots=True)
class Place:
    """A canvas, and how it is started."""

    source: Source
    top: Frame
    """The outermost expression that is made of signatures."""
    start: Frame | None = None
    """The call that starts it."""
    method: str = ""
    """What is called to start it: delay, apply_async, or () for a direct call."""
    variables: list[tuple[Frame, Chain]] = field(default_factory=list)
    """The assignments on the way to the start, each with the one use of its name."""
    linked: bool = False
    """Is it what link= or link_error= of another call starts?"""


def place_of(study: Study, use: Use) -> Place:
    """Follow a signature outwards."""
    called = use.chain.frame.up
    if called is None or not isinstance(called.node, cst.Call):
        return Place(use.source, use.chain.frame)
    if called.node.func is not use.chain.frame.node:
        return Place(use.source, use.chain.frame)
    place = Place(use.source, called)
    while _step(study, place):
        pass
    return place


def _step(study: Study, place: Place) -> bool:
    """Go one step outwards; say whether there may be another."""
    up = place.top.up
    if up is None:
        return False
    node = up.node
    if isinstance(node, cst.Attribute):
        return _attribute(place, up)
    if isinstance(node, cst.Call) and node.func is place.top.node:
        place.start, place.method = up, "()"
        return False
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        place.top = up
        return True
    if isinstance(node, _LITERALS):
        place.top = up
        return True
    if isinstance(node, cst.Element) and up.up is not None and isinstance(up.up.node, _LITERALS):
        place.top = up.up
        return True
    if isinstance(node, cst.Arg) and not node.star and up.up is not None:
        return _argument(study, place, node, up.up)
    if isinstance(node, cst.Assign):
        return _assigned(place, up, node)
    return False


def _attribute(place: Place, up: Frame) -> bool:
    assert isinstance(up.node, cst.Attribute)
    name, call = up.node.attr.value, up.up
    if call is None or not isinstance(call.node, cst.Call) or call.node.func is not up.node:
        return False
    if name == "set":
        place.top = call
        return True
    if name in {"delay", "apply_async"}:
        place.start, place.method = call, name
    return False


def _argument(study: Study, place: Place, arg: cst.Arg, call: Frame) -> bool:
    assert isinstance(call.node, cst.Call)
    if arg.keyword is not None:
        sends = isinstance(call.node.func, cst.Attribute)
        place.linked = sends and arg.keyword.value in {"link", "link_error"}
        return False
    if not primitive(study, place.source, call, call.node.func):
        return False
    place.top = call
    return True


def _assigned(place: Place, up: Frame, node: cst.Assign) -> bool:
    """Go on where the only use of a local name is."""
    target = node.targets[0].target
    if len(node.targets) != 1 or not isinstance(target, cst.Name):
        return False
    bindings = up.scope.bindings.get(target.value, [])
    if up.scope.kind is not ScopeKind.FUNCTION or len(bindings) != 1:
        return False
    if bindings[0].kind is not BindingKind.ASSIGN or target.value in up.scope.outer_names:
        return False
    uses = [
        chain
        for chain in place.source.survey.chains
        if chain.root == target.value
        and (found := chain.frame.scope.lookup(chain.root)) is not None
        and found[0] is up.scope
    ]
    if len(uses) != 1 or len(uses[0].parts) > 1 or uses[0].frame.scope is not up.scope:
        return False
    place.variables.append((up, uses[0]))
    if not uses[0].parts:
        place.top = uses[0].frame
        return True
    call = uses[0].frame.up
    if (
        call is not None
        and isinstance(call.node, cst.Call)
        and uses[0].parts[0]
        in {
            "delay",
            "apply_async",
        }
    ):
        place.start, place.method = call, uses[0].parts[0]
    return False


def primitive(study: Study, source: Source, frame: Frame, func: cst.BaseExpression) -> str:
    """Return which of Celery's canvas primitives a name stands for."""
    name = dotted_name(func)
    if not name:
        return ""
    target = study.project.resolve_name(tuple(name.split(".")), frame.scope, source)
    return _PRIMITIVES.get(target.full, "") if target is not None else ""
