"""The variable a patch gives its mock to, and what a test does with it."""

from __future__ import annotations

import libcst as cst

from codemods.engine.mocks.variables import uses_of_mock
from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.shape import read_shape
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask
from codemods.rules.celery.testing.assertion import judge_assertion
from codemods.rules.celery.testing.whole_calls import RECORDS, judge_record

USING = frozenset({"countdown", "eta", "queue", "priority"})


def follow_mock(study: Study, outcome: Outcome, call: Frame, task: CeleryTask) -> None:
    """Put what is asserted of a mocked apply_async in the shape enqueue sees."""
    for chain in uses_of_mock(outcome.source, call):
        if not chain.parts:
            continue
        found = _part(outcome, chain, task)
        judge_assertion(found, chain.parts[0], _called(chain))
        if found.edits or found.kind is not Kind.REWRITE:
            study.outcomes.append(found)


def follow_whole_mock(study: Study, outcome: Outcome, call: Frame, task: CeleryTask) -> None:
    """Rename the sending methods of a mock that stands for the whole task."""
    for chain in uses_of_mock(outcome.source, call):
        if chain.parts[:1] and chain.parts[0] in RECORDS:
            record = judge_record(study, outcome.source, chain, task)
            study.outcomes.extend([record] if record is not None else [])
        if not chain.parts or chain.parts[0] not in SEND:
            continue
        found = _part(outcome, chain, task)
        found.code = "CEL603"
        found.reason = f"the mocked .{chain.parts[0]} is .enqueue"
        new = "enqueue"
        if chain.parts[0] == "apply_async":
            judge_assertion(found, (*chain.parts, "")[1], _called(chain))
            new = _through_using(study, found, chain, task)
        found.edits.append(rename_part(chain, 0, new))
        study.outcomes.append(found)


def _through_using(study: Study, found: Outcome, chain: Chain, task: CeleryTask) -> str:
    """Return where the mock of a task sees the call: with options it goes through using()."""
    call = _called(chain)
    asserted = read_shape(call.node.args).options if call and _takes_call(chain) else {}  # type: ignore[attr-defined]
    sent = study.with_options[task.key]
    if USING & asserted.keys() or sent == {True}:
        return "using.return_value.enqueue"
    if sent == {True, False} and found.kind is not Kind.PERSON:
        found.code, found.kind = "CEL606", Kind.PERSON
        found.reason = "some calls go through .using(...).enqueue, some through .enqueue"
    return "enqueue"


def _takes_call(chain: Chain) -> bool:
    return chain.parts[-1].endswith("_with") or chain.parts[-1] == "assert_any_call"


def _part(outcome: Outcome, chain: Chain, task: CeleryTask) -> Outcome:
    return Outcome(
        outcome.source,
        chain.frame,
        "CEL604",
        Kind.REWRITE,
        "the assertion has the arguments of enqueue",
        frozenset({task.key}),
    )


def _called(chain: Chain) -> Frame | None:
    up = chain.frame.up
    if up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node:
        return up
    return None
