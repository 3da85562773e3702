"""An `.apply_async` that is passed on uncalled."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import call, code, flat_args
from codemods.engine.outcome import Outcome
from codemods.engine.site import Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.delay import outcome_of
from codemods.rules.celery.calls.legacy import keep_on_celery
from codemods.rules.celery.calls.shape import Shape, read_shape
from codemods.rules.celery.calls.using import Using, read_using
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.testing.mock_of_celery import (
    is_of_celery,
    mock_of_celery,
    mocked_with,
)

PARTIAL = Rule(
    "CEL205",
    "An uncalled .apply_async",
    "partial(x.apply_async, args=(1,)) becomes partial(x.enqueue, 1), with using(...) for "
    "options. A countdown would be fixed when the partial is made, not when it is called, so "
    "such a partial stays on Celery through celery_task(x), as does an .apply_async called where "
    "its options cannot be seen. Write a lambda.",
    'partial(send.apply_async, (1,), queue="mail")',
    'partial(send.using(queue_name="mail").enqueue, 1)',
)


def uncalled(study: Study, use: Use) -> Outcome:
    """Judge an `.apply_async` that is not called where it is named."""
    outcome = outcome_of(use, PARTIAL.code, ".apply_async is .enqueue")
    if len(use.rest) > 1 or use.chain.stored:
        return outcome
    sender, skipped = _sender(use)
    if sender is None:
        if mocked_with(use.chain.frame) and is_of_celery(study, use.task, use.rest[0]):
            mock_of_celery(study, outcome, use, use.rest[0])
            return outcome
        reason = "an uncalled .apply_async, called later with options nobody can see here"
        return keep_on_celery(study, use, outcome, PARTIAL.code, reason)
    assert isinstance(sender.node, cst.Call)
    shape = read_shape(sender.node.args[skipped:])
    using = Using(problem=shape.problem)
    if not using.problem:
        using = read_using(study, use.source, use.chain.frame.scope, shape.options)
    if skipped and "countdown" in shape.options:
        using.problem = "countdown= in a partial counts from its call; write a lambda"
    if using.problem or (skipped and not shape.literal):
        reason = using.problem or "a partial of .apply_async whose arguments cannot be read"
        return keep_on_celery(study, use, outcome, PARTIAL.code, reason)
    outcome.needs |= using.needs
    _rewrite(outcome, use, sender, using, skipped)
    return outcome


def _rewrite(outcome: Outcome, use: Use, sender: Frame, using: Using, skipped: int) -> None:
    def enqueue(func: cst.BaseExpression, shape: Shape) -> cst.BaseExpression:
        assert isinstance(func, cst.Attribute)
        options = using.args(shape.options)
        task = call(func.with_changes(attr=cst.Name("using")), options) if options else func.value
        return func.with_changes(value=task, attr=cst.Name("enqueue"))

    def in_partial(node: cst.Call) -> cst.CSTNode:
        shape = read_shape(node.args[1:])
        first = node.args[0].with_changes(value=enqueue(node.args[0].value, shape))
        return node.with_changes(args=flat_args([first, *shape.args]))

    def in_wrapper(node: cst.Call) -> cst.CSTNode:
        assert isinstance(node.func, cst.Call)
        shape = read_shape(node.args)
        first = node.func.args[0].with_changes(value=enqueue(node.func.args[0].value, shape))
        func = node.func.with_changes(args=[first, *node.func.args[1:]])
        return node.with_changes(func=func, args=flat_args(shape.args))

    outcome.edit(sender, in_partial if skipped else in_wrapper)


def _sender(use: Use) -> tuple[Frame | None, int]:
    """Return the call that has the arguments, and how many of its own come before them.

    `partial(x.apply_async, ...)` is one such call, `sync_to_async(x.apply_async)(...)` the other.
    """
    arg = use.chain.frame.up
    up = arg.up if arg is not None and isinstance(arg.node, cst.Arg) else None
    if up is None or not isinstance(up.node, cst.Call) or up.node.args[0] is not arg.node:  # type: ignore[union-attr]
        return None, 0
    name = code(up.node.func).rpartition(".")[2]
    if name == "partial":
        return up, 1
    outer = up.up
    called = outer is not None and isinstance(outer.node, cst.Call) and outer.node.func is up.node
    return (outer, 0) if name == "sync_to_async" and called else (None, 0)
