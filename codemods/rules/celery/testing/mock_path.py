"""Mock paths: `patch("shop.tasks.send.delay")` and `patch("shop.views.send")`."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.scope import Text
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Change, Frame
from codemods.rules.celery.names import SEND, SIGNATURES
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.study import Study
from codemods.rules.celery.testing.mock_variable import follow_mock, follow_whole_mock

MOCK_PATH = Rule(
    "CEL601",
    'A mock path "...task.delay" becomes "...task.enqueue"',
    "The path is resolved through re-exports, as mock does. A task's enqueue can be patched in "
    "place, and calls through using() see the patch.",
    '@patch("shop.tasks.send.delay")\ndef test_order(delay): ...',
    '@patch("shop.tasks.send.enqueue")\ndef test_order(delay): ...',
)


CELERY_ONLY = frozenset(
    {"retry", "request", "update_state", "backend", "app", "AsyncResult", *SIGNATURES} - {"map"}
)
"""Attributes a mock may replace on a Celery task and not on a task of the bridge."""


def judge_paths(study: Study, sources: list[Source]) -> None:
    """Judge every string that leads to a task."""
    for source in sources:
        for text in source.survey.texts:
            outcome = _judge(study, source, text)
            if outcome is not None:
                study.outcomes.append(outcome)


def _judge(study: Study, source: Source, text: Text) -> Outcome | None:
    head, _, last = text.value.rpartition(".")
    dotted = head if last in SEND else text.value
    target = study.project.resolve_dotted(dotted)
    task = study.tasks.get(target.dotted) if target is not None else None
    if task is None or target is None:
        return None
    call = _patch_call(text.frame)
    if target.rest and call is not None and target.rest[0] in CELERY_ONLY:
        return mocked_away(source, text.frame, task.key, target.rest[0])
    if target.rest:
        return None
    outcome = Outcome(
        source,
        text.frame,
        MOCK_PATH.code,
        Kind.REWRITE,
        f"the mock path ends in .enqueue, not .{last}",
        frozenset({task.key}),
    )
    if last in SEND:
        outcome.edit(text.frame, renamed_string(f"{head}.enqueue"))
        if last == "apply_async" and call is not None:
            follow_mock(study, outcome, call, task)
        return outcome
    if call is None:
        return None
    outcome.counted = False
    follow_whole_mock(study, outcome, call, task)
    return outcome


def mocked_away(source: Source, frame: Frame, key: str, name: str) -> Outcome:
    """Report a mock of something only a Celery task has."""
    reason = f"mocks .{name}, which a converted task does not have"
    return Outcome(source, frame, "CEL606", Kind.PERSON, reason, frozenset({key}))


def renamed_string(value: str) -> Change:
    """Return the change that gives a string literal another content."""

    def change(node: Any) -> cst.CSTNode:
        quote = node.quote
        return node.with_changes(value=f"{node.prefix}{quote}{value}{quote}")  # type: ignore[no-any-return]

    return change


def _patch_call(frame: Frame) -> Frame | None:
    """Return the call that patches the path, if the string is in one."""
    arg = frame.up
    call = arg.up if arg is not None and isinstance(arg.node, cst.Arg) else None
    if call is None or not isinstance(call.node, cst.Call):
        return None
    func = call.node.func
    name = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")
    return call if name in {"patch", "_patch", "patch_object", "spy", "setattr"} else None
