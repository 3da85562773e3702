"""The variables a patch gives its mock to, and their uses."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.scope import Chain
from codemods.engine.source import Source
from codemods.engine.tree import Frame


def uses_of_mock(source: Source, call: Frame) -> Iterator[Chain]:
    """Yield the uses of the variables and attributes a patch call gives its mock to."""
    places = [call]
    if (start := _started(call)) is not None:
        places = [start]
    for chain in list(_uses_of_variables(source, call)):
        # patcher = patch(...), and somewhere patcher.start()
        up = chain.frame.up
        if chain.parts == ("start",) and up is not None and isinstance(up.node, cst.Call):
            places.append(up)
    for place in places:
        yield from _uses_of_variables(source, place)
        yield from _uses_of_attributes(source, place)


def _started(call: Frame) -> Frame | None:
    """Return the call of `patch(...).start()`."""
    method = call.up
    if method is None or not isinstance(method.node, cst.Attribute):
        return None
    start = method.up
    called = start is not None and isinstance(start.node, cst.Call)
    return start if called and method.node.attr.value == "start" else None


def _uses_of_attributes(source: Source, call: Frame) -> Iterator[Chain]:
    """Yield the uses of `self.m` in a class that gives it a mock, less these first words."""
    if call.up is None or not isinstance(call.up.node, cst.Assign):
        return
    around = call.enclosing(cst.ClassDef)
    for target in call.up.node.targets:
        held = target.target
        if not isinstance(held, cst.Attribute) or not isinstance(held.value, cst.Name):
            continue
        root, name = held.value.value, held.attr.value
        for chain in source.survey.chains:
            if chain.root != root or chain.parts[:1] != (name,) or chain.stored:
                continue
            inside = chain.frame.enclosing(cst.ClassDef)
            if (inside and inside.node) is (around and around.node):
                yield Chain(f"{root}.{name}", chain.parts[1:], chain.frame)


def _uses_of_variables(source: Source, call: Frame) -> Iterator[Chain]:
    owners = list(_variables(call))
    for chain in source.survey.chains:
        for function, name in owners:
            if chain.root != name:
                continue
            found = chain.frame.scope.lookup(name)
            owner = found[0].frame if found is not None else None
            if (owner is not None and owner.node is function) or (
                owner is None and function is None and found is not None
            ):
                yield chain


def _variables(call: Frame) -> Iterator[tuple[cst.CSTNode | None, str]]:
    """Yield each variable with the function whose scope it lives in."""
    up = call.up
    if up is None:
        return
    function = call.scope.function()
    owner = function.frame.node if function is not None and function.frame is not None else None
    if isinstance(up.node, cst.WithItem) and up.node.asname is not None:
        if isinstance(up.node.asname.name, cst.Name):
            yield owner, up.node.asname.name.value
    elif isinstance(up.node, cst.Assign):
        for target in up.node.targets:
            if isinstance(target.target, cst.Name):
                yield owner, target.target.value
    elif isinstance(up.node, cst.Decorator) and up.up is not None and _gives_mock(call):
        yield from _decorated(up.up.node, up.node)


def _decorated(
    node: cst.CSTNode, decorator: cst.Decorator
) -> Iterator[tuple[cst.CSTNode | None, str]]:
    """Yield the parameter a patch decorator fills; the lowest decorator fills the first."""
    if isinstance(node, cst.FunctionDef):
        name = _parameter(node, _rank(node, decorator))
        if name:
            yield node, name
    elif isinstance(node, cst.ClassDef) and isinstance(node.body, cst.IndentedBlock):
        for method in node.body.body:
            if isinstance(method, cst.FunctionDef) and method.name.value.startswith("test"):
                own = sum(_patches(item) for item in method.decorators)
                name = _parameter(method, own + _rank(node, decorator))
                if name:
                    yield method, name


def _rank(node: cst.FunctionDef | cst.ClassDef, decorator: cst.Decorator) -> int:
    patches = [item for item in reversed(node.decorators) if _patches(item)]
    return next(index for index, item in enumerate(patches) if item is decorator)


def _patches(decorator: cst.Decorator) -> bool:
    call = decorator.decorator
    if not isinstance(call, cst.Call):
        return False
    names = [part.value for part in _names(call.func)]
    return "patch" in names and names[-1] in {"patch", "object"} and _gives(call)


def _names(node: cst.BaseExpression) -> list[cst.Name]:
    if isinstance(node, cst.Attribute):
        return [*_names(node.value), node.attr]
    return [node] if isinstance(node, cst.Name) else []


def _gives_mock(call: Frame) -> bool:
    return isinstance(call.node, cst.Call) and _gives(call.node)


def _gives(call: cst.Call) -> bool:
    """Does the decorator pass its mock, because no replacement was given?"""
    limit = 2 if [name.value for name in _names(call.func)][-1:] == ["object"] else 1
    positional = [arg for arg in call.args if arg.keyword is None]
    return len(positional) <= limit and not any(
        arg.keyword is not None and arg.keyword.value == "new" for arg in call.args
    )


def _parameter(function: cst.FunctionDef, rank: int) -> str:
    params = [param.name.value for param in function.params.params]
    if params[:1] == ["self"]:
        params = params[1:]
    return params[rank] if rank < len(params) else ""
