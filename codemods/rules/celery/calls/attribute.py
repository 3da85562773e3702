"""Other attributes of a task: what exists under another name, and what does not."""

from __future__ import annotations

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.layout import flat_args, space_for
from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.delay import call_of, outcome_of
from codemods.rules.celery.calls.legacy import wrap_task
from codemods.rules.celery.calls.shape import read_shape
from codemods.rules.celery.study import Study, Use

RUN = Rule(
    "CEL208",
    ".apply(...) and .run(...) become .call(...)",
    "Both run the function here and now. .apply() returned an EagerResult and kept exceptions in "
    "it; .call() returns the value and raises. A task that takes a context is called directly, "
    "because a direct call supplies the context.",
)
ATTRIBUTE = Rule(
    "CEL211",
    "Another attribute of a Celery task",
    ".name becomes .module_path, .__name__ and .__wrapped__ move to .func. Anything else has no "
    "counterpart, and the task stays on Celery.",
)


def module_path(study: Study, use: Use) -> Outcome:
    """Judge `.name`."""
    named = use.task.custom_name is not None
    reason = (
        "the custom name is an alias, .module_path is the task's path"
        if named
        else (".name is .module_path")
    )
    kind = Kind.CHANGE if named else Kind.REWRITE
    outcome = outcome_of(use, ATTRIBUTE.code, reason, kind)
    outcome.edits.append(rename_part(use.chain, use.position, "module_path"))
    return outcome


def function_attribute(study: Study, use: Use) -> Outcome:
    """Judge `.__name__`, `.__wrapped__` and `.__doc__`."""
    name = use.rest[0]
    outcome = outcome_of(use, ATTRIBUTE.code, f".{name} is read from .func")
    hidden = name == "__wrapped__" and use.task.key in study.takes_context
    if hidden or len(use.rest) > 1:
        return other(study, use)
    new = "func" if name == "__wrapped__" else f"func.{name}"
    outcome.edits.append(rename_part(use.chain, use.position, new))
    return outcome


def run(study: Study, use: Use) -> Outcome:
    """Judge `.run(...)`."""
    return _call(study, use, unpack=False)


def apply(study: Study, use: Use) -> Outcome:
    """Judge `.apply(...)`."""
    return _call(study, use, unpack=True)


def _call(study: Study, use: Use, *, unpack: bool) -> Outcome:
    name = use.rest[0]
    frame = call_of(use)
    if frame is None:
        return other(study, use)
    assert isinstance(frame.node, cst.Call)
    if unpack and use.task.key in study.handled:
        reason = (
            ".apply() is that of the Celery task, since a call tells no on_success or on_failure"
        )
        outcome = outcome_of(use, RUN.code, reason, Kind.CHANGE)
        wrap_task(outcome, use.source, use.chain, use.position)
        return outcome
    # A direct call supplies the context, .call() does not.
    direct = use.task.key in study.takes_context
    new = "a direct call" if direct else ".call()"
    outcome = outcome_of(use, RUN.code, f".{name}() is {new}")
    if direct and study.target == "django":
        outcome.kind, outcome.blocks = Kind.PERSON, not use.source.is_test
        outcome.reason = f".{name}() has no context to give with plain django.tasks"
        return outcome
    if unpack:
        shape = read_shape(frame.node.args)
        if shape.problem or shape.options.keys() - {"throw", "task_id", "retries"}:
            outcome.kind, outcome.blocks = Kind.PERSON, not use.source.is_test
            outcome.reason = f".{name}() has options"
            return outcome
        outcome.kind = Kind.CHANGE
        outcome.reason = f".apply() is {new}, which raises what fails"
    space = space_for(use.source, frame)

    def change(node: cst.Call) -> cst.CSTNode:
        assert isinstance(node.func, cst.Attribute)
        func = node.func.value if direct else node.func.with_changes(attr=cst.Name("call"))
        if not unpack:
            return node.with_changes(func=func)
        args = flat_args(read_shape(node.args).args)
        empty = cst.SimpleWhitespace("")
        return space.fit(node.with_changes(func=func, args=args, whitespace_before_args=empty))

    outcome.edit(frame, change)
    if unpack:
        _value_of(frame, outcome)
    return outcome


def _value_of(frame: Frame, outcome: Outcome) -> None:
    """Take `.get()` and `.result` off the value that .call() returns."""
    up = frame.up
    if up is None or isinstance(up.node, cst.Expr):
        return
    if isinstance(up.node, cst.Attribute) and up.node.attr.value in {"get", "result"}:
        if up.node.attr.value == "result":
            outcome.edits.append(Edit(up, lambda node: node.value))
        elif up.up is not None and isinstance(up.up.node, cst.Call) and not up.up.node.args:
            outcome.edits.append(Edit(up.up, lambda node: node.func.value))
        return
    outcome.kind, outcome.blocks = Kind.PERSON, not outcome.source.is_test
    outcome.reason = "the EagerResult of .apply() is used"
    outcome.edits.clear()


def other(study: Study, use: Use) -> Outcome:
    """Keep the task on Celery: the attribute has no counterpart."""
    outcome = outcome_of(use, ATTRIBUTE.code, f".{use.rest[0]} has no counterpart", Kind.PERSON)
    outcome.blocks = not use.source.is_test
    return outcome
