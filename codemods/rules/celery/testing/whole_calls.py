"""What a mock of a whole task has recorded: `m.mock_calls == [call.delay(1)]`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.outcome import Outcome, rename_part
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask
from codemods.rules.celery.testing.assertion import PERSON

RECORDS = frozenset({"assert_has_calls", "assert_any_call", "method_calls", "mock_calls"})


def judge_record(study: Study, source: Source, chain: Chain, task: CeleryTask) -> Outcome | None:
    """Rename `call.delay(...)` beside a record; report what has another shape now."""
    found = list(_calls(source, chain.frame))
    if not found:
        return None
    keys = frozenset({task.key})
    outcome = Outcome(
        source, chain.frame, "CEL603", Kind.REWRITE, "the recorded .delay is .enqueue", keys
    )
    only_enqueued = study.with_options[task.key] <= {False}
    if not only_enqueued or any(call.parts[0] != "delay" for call in found):
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = "calls of a mocked task with options are of .using(...).enqueue now"
        return outcome
    for call in found:
        outcome.edits.append(rename_part(call, 0, "enqueue"))
    return outcome


def _calls(source: Source, frame: Frame) -> Iterator[Chain]:
    """Yield the `call.delay` of the statement a record is looked at in."""
    line = frame.enclosing(cst.SimpleStatementLine)
    for chain in source.survey.chains if line is not None else ():
        if not chain.parts or (chain.root != "call" and chain.parts[0] != "call"):
            continue
        parts = chain.parts if chain.root == "call" else chain.parts[1:]
        around = chain.frame.enclosing(cst.SimpleStatementLine)
        same = around is not None and line is not None and around.node is line.node
        if same and len(parts) == 1 and parts[0] in SEND:
            yield Chain("call", parts, chain.frame)
