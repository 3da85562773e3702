"""`.schedule(...)`: a task that is to run later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine import unpacked
from codemods.engine.comments import move_comments
from codemods.engine.layout import call, comments_in, flat_args, space_for, spans_lines
from codemods.engine.literals import is_none
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.survey import dotted_name
from codemods.rules.huey.calls.enqueue import awaited, in_coroutine, note_await
from codemods.rules.huey.calls.result import apply_result
from codemods.rules.huey.calls.using import read_using
from codemods.rules.huey.study import Study, Use

SCHEDULE = Rule(
    "HUE203",
    ".schedule(...) becomes .using(run_after=...).enqueue(...)",
    "args= and kwargs= become the arguments of enqueue, delay= is run_after=timedelta(seconds=...) "
    "and eta= is run_after=. Huey took an eta without a zone as local time: "
    "datetime.now() + timedelta(...) counts from now in the new code too, any other time that is "
    "seen to have no zone keeps the task on Huey.",
    "send.schedule(args=(order.pk,), delay=60)",
    "send.using(run_after=timedelta(seconds=60)).enqueue(order.pk)",
)
NO_COUNTERPART = Rule(
    "HUE204",
    "A .schedule(...) that cannot be said with using()",
    "retries=, retry_delay=, timeout= and id= of one call, an eta without a zone and options that "
    "are hidden in ** keep the task on Huey.",
)
_POSITIONS = (
    "args",
    "kwargs",
    "eta",
    "delay",
    "priority",
    "retries",
    "retry_delay",
    "retry_backoff",
    "expires",
    "timeout",
    "id",
)


@dataclass(slots=True)
class Shape:
    """What reaches the task, and how it is sent."""

    args: list[cst.Arg] = field(default_factory=list)
    options: dict[str, cst.BaseExpression] = field(default_factory=dict)
    problem: str = ""


def schedule(study: Study, use: Use) -> Outcome:
    """Judge `.schedule`."""
    frame = use.call
    if frame is None or len(use.rest) > 1:
        return use.person(NO_COUNTERPART, ".schedule is handed on, to be called out of sight")
    assert isinstance(frame.node, cst.Call)
    shape = read_shape(frame.node.args)
    if shape.problem:
        return use.person(NO_COUNTERPART, shape.problem)
    using = read_using(study, use.source, frame.scope, shape.options)
    if using.problem:
        return use.person(NO_COUNTERPART, using.problem)
    outcome = use.outcome(SCHEDULE, ".schedule() is .using(run_after=...).enqueue()")
    if using.change:
        outcome.kind, outcome.reason = Kind.CHANGE, using.change
    apply_result(use, outcome, frame)
    if outcome.blocks:
        return outcome
    awaits = in_coroutine(frame)
    if awaits:
        note_await(outcome)
    outcome.needs |= using.needs
    space = space_for(use.source, frame)
    comments: list[cst.Comment] = []
    sends = "aenqueue" if awaits else "enqueue"

    def change(node: cst.Call) -> cst.CSTNode:
        read = read_shape(node.args)
        assert isinstance(node.func, cst.Attribute)
        task = node.func.value
        if using.names:
            task = call(node.func.with_changes(attr=cst.Name("using")), using.args(read.options))
        func = node.func.with_changes(value=task, attr=cst.Name(sends))
        empty = cst.SimpleWhitespace("")
        new = node.with_changes(func=func, args=flat_args(read.args), whitespace_before_args=empty)
        kept = {comment.value for comment in comments_in(new)}
        comments.extend(found for found in comments_in(node) if found.value not in kept)
        if awaits:
            return awaited(new, frame)
        return new if spans_lines(new) and not spans_lines(node) else space.fit(new)

    outcome.edit(frame, change)
    move_comments(outcome, frame, comments)
    return outcome


def read_shape(arguments: Sequence[cst.Arg]) -> Shape:
    """Return the shape of the arguments given to schedule()."""
    shape = Shape()
    named: dict[str, cst.BaseExpression] = {}
    for index, arg in enumerate(arguments):
        if arg.star or (arg.keyword is None and index >= len(_POSITIONS)):
            shape.problem = f"schedule({arg.star}...) hides its options"
            return shape
        named[arg.keyword.value if arg.keyword else _POSITIONS[index]] = arg.value
    if named.pop("convert_utc", None) is not None:
        shape.problem = "convert_utc= says in which zone eta= is; give eta= a zone"
    positional, keywords = named.pop("args", None), named.pop("kwargs", None)
    if "eta" not in named and "delay" not in named and positional is not None:
        name = _first_of(positional)
        if not name:
            shape.problem = "the first argument may be a time or the task's arguments"
            return shape
        named[name], positional = positional, None
    if positional is not None and not is_none(positional):
        shape.args.extend(unpacked.positional(positional)[0])
    if keywords is not None and not is_none(keywords):
        shape.args.extend(unpacked.keywords(keywords)[0])
    shape.options = named
    return shape


def _first_of(node: cst.BaseExpression) -> str:
    """Return which option a first argument is that stands for one: delay or eta."""
    if isinstance(node, (cst.Integer, cst.Float)):
        return "delay"
    called = dotted_name(node.func) if isinstance(node, cst.Call) else ""
    if called.rpartition(".")[2] == "timedelta":
        return "delay"
    added = isinstance(node, cst.BinaryOperation) and isinstance(node.left, cst.Call)
    return "eta" if added or called.endswith((".now", ".make_aware")) else ""
