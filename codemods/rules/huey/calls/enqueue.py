"""A call of a task, which enqueues it."""

from __future__ import annotations

import libcst as cst

from codemods.engine.comments import move_comments
from codemods.engine.layout import call, comments_in, flat_args, space_for, spans_lines
from codemods.engine.outcome import Outcome
from codemods.engine.scope import ScopeKind
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.huey.calls.result import apply_result
from codemods.rules.huey.calls.using import Using, read_using
from codemods.rules.huey.definitions.models import MODEL, unfit_argument
from codemods.rules.huey.names import CALL_OPTIONS
from codemods.rules.huey.study import Study, Use

CALL = Rule(
    "HUE201",
    "A call becomes .enqueue(...)",
    "Calling a task of Huey's enqueues it; calling one of the bridge runs its function. So every "
    "call is rewritten, or the task stays on Huey. In a coroutine it is `await x.aenqueue(...)`, "
    "since enqueueing writes to the database. A name that is sometimes something else is not "
    "taken for a task.",
    "send(order.pk)",
    "send.enqueue(order.pk)",
)
OPTIONS = Rule(
    "HUE202",
    "Options in a call become .using(...).enqueue(...)",
    "Huey takes delay=, eta=, priority= and expires= of a call for itself, whatever the function's "
    "parameters are called. retries=, retry_delay=, timeout= and id= of one call have no "
    "counterpart: a call that gives them keeps its task on Huey.",
    "send(order.pk, delay=60)",
    "send.using(run_after=timedelta(seconds=60)).enqueue(order.pk)",
)


def enqueue(study: Study, use: Use) -> Outcome:
    """Judge `task(...)`."""
    frame = use.call
    assert frame is not None
    assert isinstance(frame.node, cst.Call)
    if in_coroutine(frame) and _in_generator(frame):
        return use.person(CALL, "a generator in a coroutine cannot await; write a loop")
    unfit = unfit_argument(study, use.source, frame)
    if unfit:
        found = use.person(MODEL, unfit)
        found.blocks = True
        return found
    options = options_of(frame.node.args)
    using = read_using(study, use.source, frame.scope, options)
    if using.problem:
        return use.person(OPTIONS, using.problem)
    if options:
        outcome = use.outcome(OPTIONS, "options of a call are said with using()")
        if using.change:
            outcome.kind, outcome.reason = Kind.CHANGE, using.change
    else:
        outcome = use.outcome(CALL, "a call is .enqueue()")
    if any(arg.star == "**" for arg in frame.node.args):
        outcome.kind = Kind.CHANGE
        outcome.reason = "what ** holds goes to the function, also delay, eta and priority"
    finish(use, frame, outcome, using)
    return outcome


def finish(use: Use, frame: Frame, outcome: Outcome, using: Using) -> None:
    """Add the edit, what becomes of the result, and the await a coroutine needs."""
    awaits = in_coroutine(frame)
    apply_result(use, outcome, frame)
    if outcome.blocks:
        return
    if awaits:
        note_await(outcome)
    outcome.needs |= using.needs
    space = space_for(use.source, frame)
    comments: list[cst.Comment] = []
    sends = "aenqueue" if awaits else "enqueue"
    whole = _is_whole(frame) and not spans_lines(frame.node)

    def change(node: cst.Call) -> cst.CSTNode:
        options = options_of(node.args)
        task = node.func
        if options:
            args = using.args(options)
            task = call(task, args) if not args else _using(task, args)
        func = cst.Attribute(value=task if using.names else node.func, attr=cst.Name(sends))
        new = node.with_changes(func=func)
        if options:
            rest = [arg for arg in node.args if not _is_option(arg)]
            empty = cst.SimpleWhitespace("")
            new = new.with_changes(args=flat_args(rest), whitespace_before_args=empty)
        kept = {comment.value for comment in comments_in(new)}
        comments.extend(found for found in comments_in(node) if found.value not in kept)
        if awaits:
            return awaited(new, frame)
        # A call inside an expression would be torn apart; a formatter knows better.
        return space.fit(new) if whole or options else new

    outcome.edit(frame, change)
    if options_of(frame.node.args):  # type: ignore[attr-defined]
        move_comments(outcome, frame, comments)


def options_of(args: object) -> dict[str, cst.BaseExpression]:
    """Return the keyword arguments Huey takes for itself."""
    return {
        arg.keyword.value: arg.value
        for arg in args  # type: ignore[attr-defined]
        if _is_option(arg)
    }


def _is_option(arg: cst.Arg) -> bool:
    return arg.keyword is not None and arg.keyword.value in CALL_OPTIONS


def _using(task: cst.BaseExpression, args: list[cst.Arg]) -> cst.Call:
    return call(cst.Attribute(value=task, attr=cst.Name("using")), args)


def note_await(outcome: Outcome) -> None:
    """Say that a coroutine awaits what a call was."""
    if outcome.kind is not Kind.PERSON:
        outcome.kind = Kind.CHANGE
        outcome.reason = "a coroutine awaits .aenqueue(), which writes to the database"


def in_coroutine(frame: Frame) -> bool:
    """Does the call stand in a coroutine, and not in a function inside of it?"""
    scope = frame.scope
    while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
        scope = scope.parent
    node = scope.frame.node if scope.frame is not None else None
    return isinstance(node, cst.FunctionDef) and node.asynchronous is not None


def _is_whole(frame: Frame) -> bool:
    """Is the call all that its statement does?"""
    up = frame.up
    return up is not None and isinstance(up.node, (cst.Expr, cst.Assign, cst.Return))


def _in_generator(frame: Frame) -> bool:
    scope = frame.scope
    return scope.frame is not None and isinstance(scope.frame.node, cst.GeneratorExp)


def awaited(node: cst.Call, frame: Frame) -> cst.CSTNode:
    """Return the call awaited, in parentheses where it is part of an expression."""
    new = cst.Await(expression=node)
    up = frame.up
    if up is None or isinstance(up.node, (cst.Expr, cst.Assign, cst.AnnAssign, cst.Return)):
        return new
    return new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
