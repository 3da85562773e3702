"""Attributes of a task: what exists under another name, and what does not."""

from __future__ import annotations

from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.site import Kind, Rule
from codemods.rules.huey.study import Study, Use

LOCAL = Rule(
    "HUE206",
    ".call_local(...) becomes .call(...)",
    "Both run the function here and now. For a task that takes a context .call() supplies one, "
    "where call_local wanted task= to be given.",
    "send.call_local(1)",
    "send.call(1)",
)
ATTRIBUTE = Rule(
    "HUE211",
    "Another attribute of a Huey task",
    ".func stays. revoke(), restore() and is_revoked() of the task as a whole, task_class, "
    "settings and the like have no counterpart, and the task stays on Huey. pause_queue() of the "
    "bridge holds back a queue, the command cancel_tasks cancels what waits.",
)


def call_local(study: Study, use: Use) -> Outcome:
    """Judge `.call_local`."""
    if len(use.rest) > 1:
        return other(study, use)
    outcome = use.outcome(LOCAL, ".call_local() is .call()")
    frame = use.call
    if use.task.bound:
        given = frame is not None and any(
            arg.keyword is not None and arg.keyword.value == "task"
            for arg in getattr(frame.node, "args", ())
        )
        if given:
            return use.person(LOCAL, "call_local(task=...) gives a task, where .call() makes one")
        outcome.kind, outcome.reason = Kind.CHANGE, ".call() supplies a context"
    outcome.edits.append(rename_part(use.chain, use.position, "call"))
    return outcome


def function(study: Study, use: Use) -> None:
    """Say nothing of what a task of the bridge has under the same name."""


def other(study: Study, use: Use) -> Outcome:
    """Keep the task on Huey: the attribute has no counterpart."""
    return use.person(ATTRIBUTE, f".{use.rest[0]} has no counterpart")
