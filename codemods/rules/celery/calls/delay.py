"""`.delay(...)` and uncalled `.delay`."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.legacy import keep_on_celery
from codemods.rules.celery.calls.result import RESULT, judge_result
from codemods.rules.celery.study import Study, Use

DELAY = Rule(
    "CEL201",
    ".delay(...) becomes .enqueue(...)",
    "The arguments stay as they are: JSON, where tuples arrive as lists, and, under TYPED_JSON in "
    "TASKS, dates, decimals and UUIDs. Model instances are refused when the task is sent.",
    "send.delay(order.pk)",
    "send.enqueue(order.pk)",
)
REFERENCE = Rule(
    "CEL204",
    "An uncalled .delay becomes .enqueue",
    "partial(x.delay, 1) and callbacks keep their shape.",
    "transaction.on_commit(partial(send.delay, order.pk))",
    "transaction.on_commit(partial(send.enqueue, order.pk))",
)
ON_COMMIT = Rule(
    "CEL212",
    ".delay_on_commit(...) becomes .enqueue(...)",
    "The bridge writes a task in the caller's transaction and publishes it after the commit, so "
    "enqueue is on_commit by itself. ImmediateBackend runs the task at once.",
    "send.delay_on_commit(order.pk)",
    "send.enqueue(order.pk)",
)


def outcome_of(use: Use, code: str, reason: str, kind: Kind = Kind.REWRITE) -> Outcome:
    """Return an outcome at the place of a use."""
    frame = use.chain.frame
    return Outcome(use.source, frame, code, kind, reason, frozenset({use.task.key}))


def call_of(use: Use) -> Frame | None:
    """Return the call of the method a use names, if it is called there."""
    up = use.chain.frame.up
    if len(use.rest) == 1 and up is not None and isinstance(up.node, cst.Call):
        return up if up.node.func is use.chain.frame.node else None
    return None


def delay(study: Study, use: Use) -> Outcome:
    """Judge `.delay`."""
    call = call_of(use)
    if call is None:
        outcome = outcome_of(use, REFERENCE.code, ".delay is .enqueue")
    else:
        outcome = outcome_of(use, DELAY.code, ".delay() is .enqueue()")
        apply_result(study, use, outcome, call)
        if outcome.kind is Kind.PERSON and not use.source.is_test:
            return outcome
        if not use.source.is_test:
            study.with_options[use.task.key].add(False)
    outcome.edits.append(rename_part(use.chain, use.position, "enqueue"))
    return outcome


def delay_on_commit(study: Study, use: Use) -> Outcome:
    """Judge `.delay_on_commit`."""
    if study.target == "django":
        reason = f".{use.rest[0]} waits for the commit, which plain enqueue does not"
        outcome = outcome_of(use, ON_COMMIT.code, reason, Kind.PERSON)
        outcome.blocks = not use.source.is_test
        return outcome
    reason = ".delay_on_commit is .enqueue, which is published after the commit"
    outcome = outcome_of(use, ON_COMMIT.code, reason, Kind.CHANGE)
    outcome.edits.append(rename_part(use.chain, use.position, "enqueue"))
    return outcome


def apply_result(study: Study, use: Use, outcome: Outcome, call: Frame) -> None:
    """Add what becomes of the result of a sending call."""
    found = judge_result(call, outcome.source)
    if found.kind is Kind.REWRITE:
        outcome.edits.extend(found.edits)
        return
    if found.blocks:
        keep_on_celery(study, use, outcome, RESULT.code, found.reason)
        return
    outcome.code, outcome.kind, outcome.reason = RESULT.code, found.kind, found.reason
    outcome.edits.extend(found.edits)
