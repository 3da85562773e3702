"""Mocks of calls that stay on Celery: they are mocks of the Celery task then."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import space_for, spans_lines
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.legacy import wrap_task
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.task import CeleryTask
from codemods.rules.celery.testing.assertion import PERSON

OF_CELERY = Rule(
    "CEL608",
    "A mock of a call that stays on Celery is a mock of the Celery task",
    "Where all code that sends a task stays on celery_task(x).apply_async, a mock of x.apply_async "
    "is one of that, and what is asserted of it stays as it is. Where some code enqueues and some "
    "stays, one mock no longer sees both: a person says which is meant.",
)
_ITSELF = frozenset({"delay", "apply_async"})


def is_of_celery(study: Study, task: CeleryTask, name: str) -> bool:
    """Does a mock of this method concern calls that stay on Celery?

    Celery's delay calls apply_async.
    """
    methods = study.on_celery.get(task.key, set())
    return name in methods or (name == "apply_async" and bool(methods & _ITSELF))


def is_wholly_of_celery(study: Study, task: CeleryTask, name: str, place: Frame) -> bool:
    """Does a mock see no call that becomes enqueue, neither in the code nor in its test?"""
    if not is_of_celery(study, task, name) or task.key in study.enqueued:
        return False
    test = place.enclosing(cst.FunctionDef)
    for use in study.uses[task.key]:
        if use.source.is_test and len(use.rest) == 1 and use.rest[0] in SEND and _is_called(use):
            around = use.chain.frame.enclosing(cst.FunctionDef)
            if test is not None and around is not None and around.node is test.node:
                return False
    return True


def mock_path_of_celery(
    study: Study, outcome: Outcome, task: CeleryTask, name: str, call: Frame | None
) -> None:
    """Turn `patch("x.apply_async")` into `patch.object(celery_task(x), "apply_async")`."""
    whole = is_wholly_of_celery(study, task, name, outcome.frame)
    if not whole or call is None or not _is_plain(call, outcome.frame):
        mocks_another(outcome, task, name)
        return
    _stays(outcome, name)
    module, _, short = task.key.rpartition(".")
    spelled, need = local_name(outcome.source, module, short)
    legacy, other = local_name(outcome.source, "compat.celery.legacy", "celery_task")
    outcome.needs |= {each for each in (need, other) if each is not None}
    space = space_for(outcome.source, call)
    target = cst.parse_expression(f"{legacy}({spelled})")

    def change(node: cst.Call) -> cst.CSTNode:
        new = _with_object(node, target, name)
        return new if spans_lines(new) else space.fit(new, _taken(call))

    outcome.edit(call, change)


def mock_of_celery(study: Study, outcome: Outcome, use: Use, name: str) -> None:
    """Turn `x.apply_async` of a test into `celery_task(x).apply_async`."""
    if is_wholly_of_celery(study, use.task, name, use.chain.frame):
        _stays(outcome, name)
        wrap_task(outcome, use.source, use.chain, use.position)
    else:
        mocks_another(outcome, use.task, name)


def mocked_with(frame: Frame) -> bool:
    """Is it what a mock passes calls on to, `patch(..., wraps=x.apply_async)`?"""
    arg = frame.up.node if frame.up is not None else None
    if not isinstance(arg, cst.Arg) or arg.keyword is None:
        return False
    return arg.keyword.value in {"wraps", "side_effect"}


def mocks_another(outcome: Outcome, task: CeleryTask, name: str) -> None:
    """Report that some code sends with the Celery task; the mock fails until a person decides.

    As a mock of enqueue it would let a test pass that says nothing was sent.
    """
    outcome.code, outcome.kind = PERSON.code, Kind.PERSON
    celery = f"celery_task({task.name})"
    outcome.reason = (
        f'some code calls {celery}.{name}: patch.object({celery}, "{name}"), or patch enqueue'
    )


def _stays(outcome: Outcome, name: str) -> None:
    outcome.code, outcome.kind = OF_CELERY.code, Kind.REWRITE
    outcome.reason = f"the mock is of {name} of the Celery task, which the code calls"


def _is_called(use: Use) -> bool:
    up = use.chain.frame.up
    called = up is not None and isinstance(up.node, cst.Call)
    return called and up is not None and up.node.func is use.chain.frame.node  # type: ignore[attr-defined]


def _is_plain(call: Frame, text: Frame) -> bool:
    """Is the path all of the first argument of `patch` or `setattr`?"""
    assert isinstance(call.node, cst.Call)
    first = call.node.args[0]
    func = call.node.func
    name = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")
    return first.value is text.node and first.keyword is None and name in {"patch", "setattr"}


def _with_object(node: cst.Call, target: cst.BaseExpression, name: str) -> cst.Call:
    first = node.args[0]
    assert isinstance(first.value, cst.SimpleString)
    quote = first.value.quote
    between: Any = cst.SimpleWhitespace(" ")
    if isinstance(node.whitespace_before_args, cst.ParenthesizedWhitespace):
        between = node.whitespace_before_args
    named = first.with_changes(value=cst.SimpleString(f"{quote}{name}{quote}"))
    held = cst.Arg(value=target, comma=cst.Comma(whitespace_after=between))
    func = node.func
    if (func.attr.value if isinstance(func, cst.Attribute) else "") != "setattr":
        func = cst.Attribute(value=func, attr=cst.Name("object"))
    return node.with_changes(func=func, args=[held, named, *node.args[1:]])


def _taken(call: Frame) -> int:
    return len("@") if call.up is not None and isinstance(call.up.node, cst.Decorator) else 0
