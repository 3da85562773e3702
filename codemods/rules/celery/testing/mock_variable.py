"""The variable a patch gives its mock to, and what a test does with it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.shape import read_shape
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask
from codemods.rules.celery.testing.assertion import judge_assertion

USING = frozenset({"countdown", "eta", "queue", "priority"})


def follow_mock(study: Study, outcome: Outcome, call: Frame, task: CeleryTask) -> None:
    """Put what is asserted of a mocked apply_async in the shape enqueue sees."""
    for chain in _uses(outcome, call):
        if not chain.parts:
            continue
        found = _part(outcome, chain, task)
        judge_assertion(found, chain.parts[0], _called(chain))
        if found.edits or found.kind is not Kind.REWRITE:
            study.outcomes.append(found)


def follow_whole_mock(study: Study, outcome: Outcome, call: Frame, task: CeleryTask) -> None:
    """Rename the sending methods of a mock that stands for the whole task."""
    for chain in _uses(outcome, call):
        if not chain.parts or chain.parts[0] not in SEND:
            continue
        found = _part(outcome, chain, task)
        found.code = "CEL603"
        found.reason = f"the mocked .{chain.parts[0]} is .enqueue"
        new = "enqueue"
        if chain.parts[0] == "apply_async":
            judge_assertion(found, (*chain.parts, "")[1], _called(chain))
            new = _through_using(study, found, chain, task)
        found.edits.append(rename_part(chain, 0, new))
        study.outcomes.append(found)


def _through_using(study: Study, found: Outcome, chain: Chain, task: CeleryTask) -> str:
    """Return where the mock of a task sees the call: with options it goes through using()."""
    call = _called(chain)
    asserted = read_shape(call.node.args).options if call and _takes_call(chain) else {}  # type: ignore[attr-defined]
    sent = study.with_options[task.key]
    if USING & asserted.keys() or sent == {True}:
        return "using.return_value.enqueue"
    if sent == {True, False} and found.kind is not Kind.PERSON:
        found.code, found.kind = "CEL606", Kind.PERSON
        found.reason = "some calls go through .using(...).enqueue, some through .enqueue"
    return "enqueue"


def _takes_call(chain: Chain) -> bool:
    return chain.parts[-1].endswith("_with") or chain.parts[-1] == "assert_any_call"


def _part(outcome: Outcome, chain: Chain, task: CeleryTask) -> Outcome:
    return Outcome(
        outcome.source,
        chain.frame,
        "CEL604",
        Kind.REWRITE,
        "the assertion has the arguments of enqueue",
        frozenset({task.key}),
    )


def _called(chain: Chain) -> Frame | None:
    up = chain.frame.up
    if up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node:
        return up
    return None


def _uses(outcome: Outcome, call: Frame) -> Iterator[Chain]:
    """Yield the uses of the variables a patch call gives its mock to."""
    owners = list(_variables(outcome, call))
    for chain in outcome.source.survey.chains:
        for function, name in owners:
            if chain.root != name:
                continue
            found = chain.frame.scope.lookup(name)
            owner = found[0].frame if found is not None else None
            if (owner is not None and owner.node is function) or (
                owner is None and function is None and found is not None
            ):
                yield chain


def _variables(outcome: Outcome, call: Frame) -> Iterator[tuple[cst.CSTNode | None, str]]:
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
