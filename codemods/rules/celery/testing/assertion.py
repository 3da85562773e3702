"""Assertions on a mocked `apply_async`, put in the shape `enqueue` sees."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import flat_args, space_for
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.shape import read_shape
from codemods.rules.celery.testing.recorded import recorded

SHAPE = Rule(
    "CEL604",
    "An assertion on apply_async is put in the shape of enqueue",
    "m.assert_called_once_with(args=[1], countdown=5) becomes m.assert_called_once_with(1): a "
    "mock of enqueue sees the task's arguments only, so options are no longer asserted. So do "
    "assert_has_calls([call(...)]), m.call_args_list == [call(...)] and what is read from "
    'm.call_args.kwargs["args"].',
)
PERSON = Rule(
    "CEL606",
    "A test looks into what only Celery has",
    "call_args, mock_calls and the like of a mocked apply_async hold args= and kwargs=; a mock of "
    "enqueue holds the task's own arguments. A mocked .retry or .request does not exist on a "
    "converted task: mock what the task calls. Adjust the test.",
)

FROZEN = "Django's Task is frozen: patch the name where it is looked up, or Task.enqueue"

_SAME = frozenset(
    [
        "called",
        "call_count",
        "assert_called",
        "assert_called_once",
        "assert_not_called",
        "return_value",
        "side_effect",
        "reset_mock",
    ]
)
_WITH = frozenset(["assert_called_with", "assert_called_once_with", "assert_any_call"])
_INTO = frozenset(
    ["call_args", "call_args_list", "mock_calls", "method_calls", "await_args", "assert_has_calls"]
)


def judge_assertion(outcome: Outcome, name: str, call: Frame | None) -> None:
    """Add what becomes of one use of a mock of apply_async."""
    if name in _WITH and call is not None:
        assert isinstance(call.node, cst.Call)
        shape = read_shape(call.node.args)
        if not shape.problem and shape.literal:
            _reshape(outcome, call, sorted((*shape.options, *shape.dropped)))
            return
    if name in _SAME:
        return
    lost = recorded(outcome, name, call)
    if lost is not None:
        outcome.code = SHAPE.code
        outcome.reason = "what the mock recorded has the arguments of enqueue"
        if lost:
            outcome.kind = Kind.CHANGE
            outcome.reason = f"the assertion no longer covers {', '.join(lost)}"
        return
    if name in _WITH or name in _INTO:
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = f"{name} of a mocked apply_async: enqueue gets the task's arguments"


def _reshape(outcome: Outcome, call: Frame, lost: list[str]) -> None:
    outcome.code = SHAPE.code
    outcome.reason = "the assertion has the arguments of enqueue"
    if lost:
        outcome.kind = Kind.CHANGE
        outcome.reason = f"the assertion no longer covers {', '.join(lost)}"
    space = space_for(outcome.source, call)

    def change(node: cst.Call) -> cst.CSTNode:
        args = flat_args(read_shape(node.args).args)
        empty = cst.SimpleWhitespace("")
        return space.fit(node.with_changes(args=args, whitespace_before_args=empty))

    outcome.edit(call, change)
