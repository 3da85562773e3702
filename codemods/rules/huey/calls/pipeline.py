"""Signatures, and the pipelines, groups and chords that are made of them."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.layout import call, flat_args, space_for
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.huey.calls.result import apply_result
from codemods.rules.huey.names import CALL_OPTIONS
from codemods.rules.huey.study import Study, Use

PIPELINE = Rule(
    "HUE401",
    "A signature, pipeline, group or chord stays on Huey",
    "Huey appends what a task returned to the arguments of the next one: a tuple as several, a "
    "dict as keywords, nothing for None. A hook of the bridge gets it as one argument. Only where "
    "the annotation of what a task returns makes both the same is the pipeline rewritten; its "
    "tasks stay on Huey otherwise. on_success=, on_failure= and enqueue_batch(on_complete=) are "
    "what to write by hand.",
)
ENQUEUED = Rule(
    "HUE402",
    "huey.enqueue(x.s(...)) becomes .enqueue(...)",
    "A signature that is enqueued where it is made, with .then(y) as on_success=y.hook(...) when x "
    "is annotated to return an int, a str, a float, a bool or a list, or None.",
    "HUEY.enqueue(fetch.s(1).then(store, 2))",
    "fetch.using(on_success=store.hook(2, RETURN_VALUE)).enqueue(1)",
)
_PLAIN = frozenset({"int", "str", "float", "bool", "list"})
_SIGNATURE = "a signature that is not enqueued where it is made"


def pipeline(study: Study, use: Use) -> Outcome:
    """Judge `.s`."""
    frame = use.call
    if frame is None or len(use.rest) > 1:
        return use.person(PIPELINE, _SIGNATURE)
    assert isinstance(frame.node, cst.Call)
    if any(arg.star or _taken(arg) for arg in frame.node.args):
        return use.person(PIPELINE, "the signature has options of its own")
    follower, outer = _then(study, use, frame)
    sender = outer.up.up if outer.up is not None else None
    if sender is None or not _enqueues(study, use, outer, sender):
        return use.person(PIPELINE, _SIGNATURE)
    if follower is None and outer is not frame:
        return use.person(PIPELINE, "what follows in the pipeline cannot be said as a hook")
    outcome = use.outcome(ENQUEUED, "a signature that is enqueued is .enqueue()")
    if follower is not None:
        hands_on = _returns(use)
        if hands_on is None:
            reason = f"what {use.task.name} returns is not annotated; Huey unpacks tuples and dicts"
            return use.person(PIPELINE, reason)
        outcome.kind, outcome.reason = Kind.CHANGE, "what follows the task is a hook"
        outcome.tasks |= {follower.task.key}
        if hands_on:
            name, need = local_name(use.source, "bridge", "RETURN_VALUE")
            outcome.needs |= {need} if need is not None else set[Need]()
        else:
            name = ""
        _rewrite(use, sender, outcome, name)
    else:
        _rewrite(use, sender, outcome, "")
    apply_result(use, outcome, sender)
    return outcome


def _then(study: Study, use: Use, frame: Frame) -> tuple[Use | None, Frame]:
    """Return the task that follows, and the outermost call of the pipeline."""
    attribute = frame.up
    if attribute is None or not isinstance(attribute.node, cst.Attribute):
        return None, frame
    call_frame = attribute.up
    if call_frame is None or not isinstance(call_frame.node, cst.Call):
        return None, attribute
    args = call_frame.node.args
    named = attribute.node.attr.value == "then" and bool(args) and not any(a.star for a in args)
    further = call_frame.up is not None and isinstance(call_frame.up.node, cst.Attribute)
    if not named or further or any(map(_taken, args)):
        return None, call_frame
    for uses in study.uses.values():
        for other in uses:
            if other.chain.frame.node is args[0].value and not other.rest:
                return other, call_frame
    return None, call_frame


def followed(study: Study, use: Use) -> Use | None:
    """Return the signature whose .then() has this task as its first argument."""
    arg = use.chain.frame.up
    call_frame = arg.up if arg is not None else None
    node = call_frame.node if call_frame is not None else None
    if arg is None or not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    if node.func.attr.value != "then" or not node.args or node.args[0] is not arg.node:
        return None
    for uses in study.uses.values():
        for other in uses:
            call_of = other.call
            if other.rest == ("s",) and call_of is not None and call_of.node is node.func.value:
                return other
    return None


def _taken(arg: cst.Arg) -> bool:
    return arg.keyword is not None and arg.keyword.value in CALL_OPTIONS


def _enqueues(study: Study, use: Use, pipe: Frame, sender: Frame) -> bool:
    """Is the pipeline the only argument of `huey.enqueue`?"""
    node = sender.node
    if not isinstance(node, cst.Call) or len(node.args) != 1 or node.args[0].value is not pipe.node:
        return False
    target = study.resolved(node.func, sender.scope, use.source)
    return target is not None and study.census.method(target) == "enqueue"


def _returns(use: Use) -> bool | None:
    """Does the task hand on a value as one argument? None when nobody can tell."""
    returns = use.task.node.returns
    name = dotted_name(returns.annotation) if returns is not None else ""
    if returns is not None and isinstance(returns.annotation, cst.Subscript):
        name = dotted_name(returns.annotation.value)
    if name == "None":
        return False
    return True if name in _PLAIN else None


def _rewrite(use: Use, sender: Frame, outcome: Outcome, value: str) -> None:
    space = space_for(use.source, sender)
    outcome.stale.add(dotted_name(sender.node.func).partition(".")[0])  # type: ignore[attr-defined]

    def change(node: Any) -> cst.CSTNode:
        pipe = node.args[0].value
        hook: cst.BaseExpression | None = None
        if pipe.func.attr.value == "then":
            follower, *rest = pipe.args
            given = [cst.Arg(cst.parse_expression(value))] if value else []
            plain = [arg for arg in rest if arg.keyword is None]
            named = [arg for arg in rest if arg.keyword is not None]
            hook = call(cst.Attribute(follower.value, cst.Name("hook")), [*plain, *given, *named])
            pipe = pipe.func.value
        task = pipe.func.value
        if hook is not None:
            using = cst.Attribute(task, cst.Name("using"))
            task = call(using, [cst.Arg(keyword=cst.Name("on_success"), value=hook)])
        new = node.with_changes(
            func=cst.Attribute(task, cst.Name("enqueue")),
            args=flat_args(pipe.args),
            whitespace_before_args=cst.SimpleWhitespace(""),
        )
        return space.fit(new)

    outcome.edit(sender, change)
