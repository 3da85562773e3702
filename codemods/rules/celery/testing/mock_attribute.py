"""`x.delay.assert_called_once_with(...)` and `x.delay = Mock()`."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.testing.assertion import FROZEN, PERSON, judge_assertion
from codemods.rules.celery.testing.mock_of_celery import is_of_celery, mock_of_celery

MOCK_ATTRIBUTE = Rule(
    "CEL603",
    "A mocked .delay or .apply_async",
    "x.delay.assert_called_once_with(1) becomes x.enqueue.assert_called_once_with(1). What was "
    "asserted of apply_async is put in the shape enqueue sees.",
)


def mock_attribute(study: Study, use: Use) -> Outcome:
    """Judge what is read from, or assigned to, a task's sending method."""
    outcome = Outcome(
        use.source,
        use.chain.frame,
        MOCK_ATTRIBUTE.code,
        Kind.REWRITE,
        f"the mocked .{use.rest[0]} is .enqueue",
        frozenset({use.task.key}),
    )
    if study.target == "django":
        outcome.code, outcome.kind, outcome.reason = PERSON.code, Kind.PERSON, FROZEN
        return outcome
    if is_of_celery(study, use.task, use.rest[0]):
        mock_of_celery(study, outcome, use, use.rest[0])
        return outcome
    outcome.edits.append(rename_part(use.chain, use.position, "enqueue"))
    if use.rest[0] == "apply_async" and len(use.rest) > 1:
        call = use.chain.frame.up
        is_call = call is not None and isinstance(call.node, cst.Call)
        judge_assertion(outcome, use.rest[1], call if is_call else None)
    return outcome
