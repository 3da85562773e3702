"""`.apply_async(...)` in all its shapes."""

from __future__ import annotations

import libcst as cst

from codemods.engine.comments import move_comments
from codemods.engine.layout import call, comments_in, flat_args, space_for, spans_lines
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.delay import (
    ON_COMMIT,
    apply_result,
    call_of,
    delay_on_commit,
    outcome_of,
)
from codemods.rules.celery.calls.legacy import keep_on_celery
from codemods.rules.celery.calls.links import LINK, Links, read_links
from codemods.rules.celery.calls.partial import uncalled
from codemods.rules.celery.calls.shape import Shape, read_shape
from codemods.rules.celery.calls.using import Using, read_using
from codemods.rules.celery.canvas.hook import laid_out
from codemods.rules.celery.study import Study, Use

APPLY_ASYNC = Rule(
    "CEL202",
    ".apply_async(...) becomes .using(...).enqueue(...)",
    "args= and kwargs= become the arguments of enqueue. countdown= is "
    "using(run_after=timedelta(seconds=...)), eta= is run_after=, queue= is queue_name=, "
    "expires= keeps its name, priority= moves to Django's scale.",
    'send.apply_async((order.pk,), countdown=60, queue="mail")',
    'send.using(run_after=timedelta(seconds=60), queue_name="mail").enqueue(order.pk)',
)
OPTION = Rule(
    "CEL203",
    "An option of apply_async has no counterpart",
    "headers=, task_id=, options of the broker and options hidden in **options cannot be said "
    "with using(). The call stays on Celery as a whole: celery_task(x) is the Celery task behind "
    "the converted one. With --target django the task itself stays on Celery.",
    "send.apply_async((1,), headers=trace)",
    "celery_task(send).apply_async((1,), headers=trace)",
)


def apply_async(study: Study, use: Use) -> Outcome:
    """Judge `.apply_async`."""
    frame = call_of(use)
    if frame is None:
        return uncalled(study, use)
    assert isinstance(frame.node, cst.Call)
    outcome = outcome_of(use, APPLY_ASYNC.code, ".apply_async() is .enqueue()")
    shape = read_shape(frame.node.args, use.chain.frame.scope)
    links = read_links(study, use, shape)
    options = {name: value for name, value in shape.options.items() if name not in links.names}
    scope = use.chain.frame.scope
    using = Using(problem=shape.problem or links.problem or _takes_back(use, shape))
    if not using.problem:
        using = read_using(study, use.source, scope, options)
    if using.problem:
        study.outcomes.extend(links.kept(study))
        return keep_on_celery(study, use, outcome, OPTION.code, using.problem)
    if not use.source.is_test:
        study.with_options[use.task.key].add(bool(using.names or links.names))
    if links.names:
        outcome.code, outcome.reason = LINK.code, "what follows the task is a hook"
    _note_meaning(outcome, shape, links)
    apply_result(study, use, outcome, frame)
    if outcome.kind is Kind.PERSON and not use.source.is_test:
        return outcome
    if links.names:
        kept = outcome_of(use, OPTION.code, "")
        reason = "a task of link= or link_error= stays on Celery"
        outcome.otherwise = [
            keep_on_celery(study, use, kept, OPTION.code, reason),
            *links.kept(study),
        ]
        outcome.tasks |= links.tasks
    _rewrite(use, frame, using, links, outcome)
    return outcome


def apply_async_on_commit(study: Study, use: Use) -> Outcome:
    """Judge `.apply_async_on_commit`: enqueue sends after the commit by itself."""
    if study.target == "django":
        return delay_on_commit(study, use)
    outcome = apply_async(study, use)
    if outcome.kind is Kind.REWRITE:
        outcome.code, outcome.kind = ON_COMMIT.code, Kind.CHANGE
        outcome.reason = (
            ".apply_async_on_commit is .enqueue, which is published after the commit; a countdown "
            "counts from the call"
        )
    return outcome


def _takes_back(use: Use, shape: Shape) -> str:
    """Say which option of the task's definition a None takes away."""
    for name in sorted(shape.cleared & {"expires", "priority", "queue"}):
        if use.task.option(name) is not None:
            return f"{name}=None takes back what the task declares"
    return ""


def _note_meaning(outcome: Outcome, shape: Shape, links: Links) -> None:
    if {"retry", "retry_policy"} & set(shape.dropped):
        outcome.kind = Kind.CHANGE
        outcome.reason = "publishing is retried by the bridge, not by retry="
    if links.change:
        outcome.kind, outcome.reason = Kind.CHANGE, links.change


def _rewrite(use: Use, frame: Frame, using: Using, links: Links, outcome: Outcome) -> None:
    outcome.needs |= using.needs | links.needs
    space = space_for(use.source, frame)
    comments: list[cst.Comment] = []

    def change(node: cst.Call) -> cst.CSTNode:
        shape = read_shape(node.args, use.chain.frame.scope)
        assert isinstance(node.func, cst.Attribute)
        task = node.func.value
        args = [*using.args(shape.options), *links.args(shape.options)]
        if args:
            task = call(node.func.with_changes(attr=cst.Name("using")), args)
        func = node.func.with_changes(value=task, attr=cst.Name("enqueue"))
        new = node.with_changes(
            func=func, args=flat_args(shape.args), whitespace_before_args=cst.SimpleWhitespace("")
        )
        kept = {comment.value for comment in comments_in(new)}
        comments.extend(found for found in comments_in(node) if found.value not in kept)
        if links.names:
            return laid_out(space, new)  # type: ignore[no-any-return]
        if spans_lines(new) and not spans_lines(node):
            return new
        return space.fit(new)

    outcome.edit(frame, change)
    move_comments(outcome, frame, comments)
