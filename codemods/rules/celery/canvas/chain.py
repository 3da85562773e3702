"""`chain(a.s(1), b.s())` and `a.s(1) | b.s()`, as hooks that start the next step."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import call
from codemods.engine.outcome import Outcome
from codemods.engine.site import Rule
from codemods.engine.tree import descendants
from codemods.rules.celery.calls.result import judge_result
from codemods.rules.celery.calls.shape import Shape
from codemods.rules.celery.calls.using import Using
from codemods.rules.celery.canvas.form import CHAIN, Form
from codemods.rules.celery.canvas.hook import configured, fed_args, hook
from codemods.rules.celery.canvas.step import Step
from codemods.rules.celery.canvas.work import Stays, Work, require_discarded, uses_of

CHAINED = Rule(
    "CEL402",
    "A chain whose result nobody uses becomes hooks",
    "Each step starts the next one when it has succeeded: on_success=b.hook(RETURN_VALUE, ...), "
    "without RETURN_VALUE when the signature is immutable. As in Celery, nothing runs after a "
    "step that fails, retries are made before the next step, a countdown of a step counts from "
    "the end of the one before, and options the chain is started with are those of the first "
    "step. A hook is written in the commit that stores the step's success, so a worker that dies "
    "in between loses none.",
    "chain(fetch.s(pk), parse.s(deep=True), notify.si(pk)).delay()",
    "fetch.using(\n"
    "    on_success=parse.using(on_success=notify.hook(pk)).hook(RETURN_VALUE, deep=True)\n"
    ").enqueue(pk)",
)
SINGLE = Rule(
    "CEL403",
    "A single signature that is started becomes enqueue",
    "x.s(2).delay(1) sends x(1, 2): what it is started with comes first. A signature that is "
    "called, x.s(1)(), runs the task here and stays Celery's.",
    "send.s(order.pk).set(queue='mail').delay()",
    "send.using(queue_name='mail').enqueue(order.pk)",
)


def chain(work: Work) -> Outcome:
    """Return the outcome for a chain or a single signature. Raise Stays."""
    if work.form.kind == CHAIN:
        require_discarded(work)
    elif work.place.method == "()":
        raise Stays("a signature that is called runs its task here and now")
    work.uses = uses_of(work, work.form)
    steps = list(work.form.steps())
    usings = [
        work.using(step, {**step.options, **(work.shape.options if index == 0 else {})})
        for index, step in enumerate(steps)
    ]
    if work.shape.args and steps[0].immutable:
        raise Stays("an immutable signature is started with arguments, which it ignores")
    if fed_args(work.shape.args, steps[0].args) is None:
        raise Stays("it is not known which arguments the first task gets")
    if sum(map(_computes, steps)) > 1 and not work.change:
        work.change = "the arguments of later steps are computed before those of the first"
    value = work.bridge("RETURN_VALUE") if any(not each.immutable for each in steps[1:]) else ""

    def build(form: Form, shape: Shape) -> cst.BaseExpression:
        return _sent(list(form.steps()), usings, shape, value)

    if len(steps) > 1:
        reason = "each step of the chain is a hook of the one before"
        return work.outcome(CHAINED.code, reason, build)
    outcome = work.outcome(SINGLE.code, "the signature is sent by .enqueue()", build)
    if not work.moved:
        _keep_result(work, outcome)
    return outcome


def _sent(steps: list[Step], usings: list[Using], shape: Shape, value: str) -> cst.BaseExpression:
    then: cst.BaseExpression | None = None
    for step, using in zip(reversed(steps[1:]), reversed(usings[1:]), strict=True):
        then = hook(step, using, value, then)
    options = {**steps[0].options, **shape.options}
    task = configured(steps[0].task, usings[0], options, then)
    args = fed_args(shape.args, steps[0].args)
    assert args is not None
    return call(cst.Attribute(value=task, attr=cst.Name("enqueue")), args)


def _keep_result(work: Work, outcome: Outcome) -> None:
    found = judge_result(work.start, work.place.source)
    if found.blocks:
        raise Stays(found.reason)
    outcome.edits.extend(found.edits)
    if found.reason:
        outcome.kind, outcome.reason = found.kind, found.reason


def _computes(step: Step) -> bool:
    """Do the arguments of a step call something?"""
    return any(
        isinstance(node, (cst.Call, cst.Await, cst.NamedExpr))
        for arg in step.args
        for node in descendants(arg.value)
    )
