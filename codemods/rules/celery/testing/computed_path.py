"""Paths that tests put together: f"{M}.send.delay", M + ".send.delay", patch.object(m, "send")."""

from __future__ import annotations

import libcst as cst

from codemods.engine.literals import constant, string
from codemods.engine.mocks.paths import patches
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, way_to
from codemods.rules.celery.study import Study
from codemods.rules.celery.testing.mock_path import judge_path


def judge_computed(study: Study, sources: list[Source]) -> None:
    """Judge every patch whose path is computed from what can be read."""
    for source in sources:
        for chain in source.survey.chains:
            call = chain.frame.up
            if call is None or not patches(call.node):
                continue
            assert isinstance(call.node, cst.Call)
            if call.node.func is not chain.frame.node or not call.node.args:
                continue
            found = _read(study, source, call)
            if found is not None:
                frame, path = found
                outcome = judge_path(study, source, frame, path, call)
                if outcome is not None:
                    study.outcomes.append(outcome)


def _read(study: Study, source: Source, call: Frame) -> tuple[Frame, str] | None:
    """Return the literal end of a path, and the path."""
    assert isinstance(call.node, cst.Call)
    given = call.node.args[0].value
    end: cst.CSTNode
    if isinstance(given, cst.FormattedString) and given.parts:
        pieces = [_piece(study, source, part, call) for part in given.parts]
        end = given.parts[-1]
        if not isinstance(end, cst.FormattedStringText):
            return None
    elif isinstance(given, cst.BinaryOperation) and isinstance(given.operator, cst.Add):
        pieces = [_value(study, source, part, call) for part in (given.left, given.right)]
        end = given.right
        if not isinstance(end, cst.SimpleString):
            return None
    else:
        return _attribute(study, source, call)
    place = way_to(call, end)
    if place is None or any(piece is None for piece in pieces):
        return None
    return place, "".join(piece or "" for piece in pieces)


def _attribute(study: Study, source: Source, call: Frame) -> tuple[Frame, str] | None:
    """Return what `patch.object(module, "name")` patches."""
    assert isinstance(call.node, cst.Call)
    first, *others = call.node.args
    if not others:
        return None
    module = _module(study, source, first.value, call)
    name = string(others[0].value)
    if module is None or name is None:
        return None
    place = way_to(call, others[0].value)
    return (place, f"{module}.{name}") if place is not None else None


def _module(study: Study, source: Source, node: cst.BaseExpression, frame: Frame) -> str | None:
    name = dotted_name(node)
    if not name:
        return None
    target = study.project.resolve_name(tuple(name.split(".")), frame.scope, source)
    if target is None or target.source is None or target.binding is not None or target.rest:
        return None
    return target.source.name


def _piece(
    study: Study, source: Source, part: cst.BaseFormattedStringContent, frame: Frame
) -> str | None:
    if isinstance(part, cst.FormattedStringText):
        return part.value
    assert isinstance(part, cst.FormattedStringExpression)
    if part.conversion is not None or part.format_spec is not None:
        return None
    return _value(study, source, part.expression, frame)


def _value(study: Study, source: Source, node: cst.BaseExpression, frame: Frame) -> str | None:
    if isinstance(node, cst.Name) and node.value == "__name__":
        return source.name
    if isinstance(node, cst.Attribute) and node.attr.value == "__name__":
        return _module(study, source, node.value, frame)
    return string(constant(study.project, node, frame.scope, source))
