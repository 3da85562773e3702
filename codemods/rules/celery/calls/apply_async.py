"""`.apply_async(...)` in all its shapes."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.layout import call, code, comments_in, flat_args, space_for, spans_lines
from codemods.engine.names import local_name
from codemods.engine.scope import BindingKind
from codemods.engine.site import Kind, Rule
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.delay import REFERENCE, apply_result, call_of, outcome_of
from codemods.rules.celery.calls.shape import Shape, read_shape
from codemods.rules.celery.literals import constant, integer, string
from codemods.rules.celery.options.priority import mapped_priority
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.task import is_none

APPLY_ASYNC = Rule(
    "CEL202",
    ".apply_async(...) becomes .using(...).enqueue(...)",
    "args= and kwargs= become the arguments of enqueue. countdown= is "
    "using(run_after=timedelta(seconds=...)), eta= is run_after=, queue= is queue_name=, "
    "priority= moves to Django's scale.",
)
OPTION = Rule(
    "CEL203",
    "An option of apply_async has no counterpart",
    "expires=, link=, headers=, task_id= and the like cannot be said with django.tasks. The task "
    "stays on Celery, or this call would break; move what the option does into the task.",
)
PARTIAL = Rule(
    "CEL205",
    "An uncalled .apply_async",
    "partial(x.apply_async, args=(1,)) becomes partial(x.enqueue, 1). With options it would fix "
    "run_after when the partial is made, not when it is called, so the task stays on Celery.",
)
_NAMES = {"countdown": "run_after", "eta": "run_after", "queue": "queue_name"}


def apply_async(study: Study, use: Use) -> Outcome:
    """Judge `.apply_async`."""
    frame = call_of(use)
    if frame is None:
        return _uncalled(use)
    assert isinstance(frame.node, cst.Call)
    outcome = outcome_of(use, APPLY_ASYNC.code, ".apply_async() is .enqueue()")
    shape = read_shape(frame.node.args)
    problem = shape.problem or _problem(study, use, shape)
    if problem:
        return _stays(outcome, problem)
    options = _new_options(study, use, shape, outcome)
    if not use.source.is_test:
        study.with_options[use.task.key].add(bool(options))
    if {"retry", "retry_policy"} & set(shape.dropped):
        outcome.kind = Kind.CHANGE
        outcome.reason = "publishing is retried by the bridge, not by retry="
    apply_result(outcome, frame)
    _rewrite(study, use, frame, options, outcome)
    return outcome


def _stays(outcome: Outcome, reason: str) -> Outcome:
    outcome.code, outcome.kind, outcome.reason = OPTION.code, Kind.PERSON, reason
    outcome.blocks = not outcome.source.is_test
    return outcome


def _problem(study: Study, use: Use, shape: Shape) -> str:
    """Say why the options cannot be carried over, if they cannot."""
    other = sorted(shape.options.keys() - _NAMES.keys() - {"priority"})
    if other:
        return f"{other[0]}= of apply_async has no counterpart"
    if {"countdown", "eta"} <= shape.options.keys():
        return "countdown= and eta= are both given"
    scope = use.chain.frame.scope
    queue = shape.options.get("queue", cst.Name("None"))
    renamed = study.default_queue not in (None, "default")
    if renamed and string(constant(study.project, queue, scope, use.source)) == "default":
        return 'queue "default" is not Celery\'s default queue'
    if "priority" in shape.options:
        given = shape.options["priority"]
        if mapped_priority(study.project, given, scope, use.source, study.broker) is None:
            return "priority= is not a number from 0 to 9 that can be read here"
    return ""


def _new_options(study: Study, use: Use, shape: Shape, outcome: Outcome) -> list[str]:
    """Return the keywords of using(), and note queues and meaning."""
    scope = use.chain.frame.scope
    names = []
    for name, value in shape.options.items():
        if name == "queue":
            literal = string(constant(study.project, value, scope, use.source))
            if literal is None:
                study.unknown_queues.append(f"{use.source.label}: {code(value)}")
            elif literal != "default":
                study.queues.add(literal)
        if name == "countdown" and integer(value) == 0:
            continue
        if name == "eta" and _naive(value):
            outcome.kind = Kind.CHANGE
            outcome.reason = "eta= has no time zone; run_after wants an aware time"
        names.append(name)
    return names


def _may_be_none(use: Use, value: cst.BaseExpression | None) -> bool:
    """Is the value a parameter that is None unless given?"""
    found = use.chain.frame.scope.lookup(value.value) if isinstance(value, cst.Name) else None
    return found is not None and any(
        binding.kind is BindingKind.PARAMETER
        and binding.value is not None
        and is_none(binding.value)
        for binding in found[1]
    )


def _naive(value: cst.BaseExpression) -> bool:
    text = code(value)
    return "utcnow()" in text or "datetime.now()" in text


def _rewrite(study: Study, use: Use, frame: Frame, options: list[str], outcome: Outcome) -> None:
    timedelta, need = local_name(use.source, "datetime", "timedelta")
    if "countdown" in options and need is not None:
        outcome.needs.add(need)
    space = space_for(use.source, frame)
    priority = None
    optional = False
    assert isinstance(frame.node, cst.Call)
    if "priority" in options:
        given = read_shape(frame.node.args).options["priority"]
        scope = use.chain.frame.scope
        priority = mapped_priority(study.project, given, scope, use.source, study.broker)
    if "countdown" in options:
        optional = _may_be_none(use, read_shape(frame.node.args).options["countdown"])
    comments: list[cst.Comment] = []

    def change(node: cst.Call) -> cst.CSTNode:
        shape = read_shape(node.args)
        assert isinstance(node.func, cst.Attribute)
        task = node.func.value
        if options:
            using = [
                _option(name, shape.options[name], timedelta, priority, optional=optional)
                for name in options
            ]
            task = call(node.func.with_changes(attr=cst.Name("using")), using)
        func = node.func.with_changes(value=task, attr=cst.Name("enqueue"))
        new = node.with_changes(
            func=func, args=flat_args(shape.args), whitespace_before_args=cst.SimpleWhitespace("")
        )
        kept = {comment.value for comment in comments_in(new)}
        comments.extend(found for found in comments_in(node) if found.value not in kept)
        if spans_lines(new) and not spans_lines(node):
            return new
        return space.fit(new)

    outcome.edit(frame, change)
    if comments_in(frame.node):
        outcome.edit(statement_of(frame), lambda node: _with_comments(node, comments))


def _option(
    name: str,
    value: cst.BaseExpression,
    timedelta: str,
    priority: cst.BaseExpression | None,
    *,
    optional: bool,
) -> cst.Arg:
    if name == "countdown":
        seconds = cst.Arg(keyword=cst.Name("seconds"), value=value)
        given = value
        value = call(cst.parse_expression(timedelta), [seconds])
        if optional:
            test = cst.parse_expression(f"{code(given)} is not None")
            value = cst.IfExp(body=value, test=test, orelse=cst.Name("None"))
    if name == "priority" and priority is not None:
        value = priority
    return cst.Arg(keyword=cst.Name(_NAMES.get(name, name)), value=value)


def _with_comments(node: Any, comments: list[cst.Comment]) -> cst.CSTNode:
    lines = [cst.EmptyLine(comment=comment) for comment in comments]
    return node.with_changes(leading_lines=[*node.leading_lines, *lines])  # type: ignore[no-any-return]


def _uncalled(use: Use) -> Outcome:
    outcome = outcome_of(use, PARTIAL.code, ".apply_async is .enqueue")
    if len(use.rest) > 1 or use.chain.stored:
        return outcome
    partial = _partial(use)
    if partial is None:
        outcome.kind, outcome.blocks = Kind.PERSON, not use.source.is_test
        outcome.reason = "an uncalled .apply_async, called later with options nobody can see here"
        return outcome
    assert isinstance(partial.node, cst.Call)
    shape = read_shape(partial.node.args[1:])
    if shape.problem or shape.options or not shape.literal:
        outcome.kind, outcome.blocks = Kind.PERSON, not use.source.is_test
        outcome.reason = "a partial of .apply_async with options; write a lambda"
        return outcome
    outcome.code = REFERENCE.code

    def change(node: cst.Call) -> cst.CSTNode:
        func = node.args[0].value
        assert isinstance(func, cst.Attribute)
        first = node.args[0].with_changes(value=func.with_changes(attr=cst.Name("enqueue")))
        return node.with_changes(args=flat_args([first, *read_shape(node.args[1:]).args]))

    outcome.edit(partial, change)
    return outcome


def _partial(use: Use) -> Frame | None:
    """Return the functools.partial call whose first argument the use is."""
    arg = use.chain.frame.up
    up = arg.up if arg is not None and isinstance(arg.node, cst.Arg) else None
    if up is None or not isinstance(up.node, cst.Call) or up.node.args[0] is not arg.node:  # type: ignore[union-attr]
        return None
    name = code(up.node.func).rpartition(".")[2]
    return up if name == "partial" else None
