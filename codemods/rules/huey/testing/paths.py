"""Mock paths: `patch("shop.views.send")`, where the call itself enqueued."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.mocks.paths import constant_patch, patch_call, renamed_end
from codemods.engine.mocks.variables import uses_of_mock
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Change, Frame
from codemods.rules.huey.study import Study
from codemods.rules.huey.task import HueyTask

PATH = Rule(
    "HUE601",
    'A mock path "shop.views.send" becomes "shop.views.send.enqueue"',
    "A mock in the place of the task saw the call that enqueues; in the place of its enqueue it "
    "sees the same call, with the same arguments, so that what the test asserts stays right. The "
    "task is one object: the mock holds for every module that has it. A path that ends in "
    ".call_local ends in .call.",
    '@patch("shop.views.send")\ndef test_order(send): ...',
    '@patch("shop.views.send.enqueue")\ndef test_order(send): ...',
)
PERSON = Rule(
    "HUE604",
    "A test looks into what only Huey has",
    "A mock of enqueue is asked for .schedule, .s or the like, or one of these is mocked. What was "
    "sent with .schedule() is seen by enqueue too, with the task's own arguments. Adjust the test.",
)
_HUEYS = frozenset({"schedule", "s", "map", "revoke", "restore", "is_revoked", "task_class"})
_LOCAL = "call_local"


def judge_paths(study: Study, sources: list[Source]) -> None:
    """Judge every string that leads to a task and is patched."""
    for source in sources:
        for text in source.survey.texts:
            call = patch_call(text.frame) or constant_patch(source, text)
            target = study.project.resolve_dotted(text.value) if call is not None else None
            task = study.tasks.get(target.dotted) if target is not None else None
            if call is None or target is None or task is None:
                continue
            study.outcomes.append(_judge(study, source, text.frame, call, task, target.rest))


def _judge(
    study: Study,
    source: Source,
    frame: Frame,
    call: Frame,
    task: HueyTask,
    rest: tuple[str, ...],
) -> Outcome:
    keys = frozenset({task.key})
    outcome = Outcome(source, frame, PATH.code, Kind.REWRITE, "", keys)
    if rest == (_LOCAL,):
        outcome.reason = "the mock path ends in .call"
        outcome.edit(frame, renamed_end(_LOCAL, "call"))
    elif rest == ("func",):
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = "mocks .func, which is frozen on a converted task"
    elif rest:
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = f"mocks .{rest[0]}, which a converted task does not have"
    else:
        outcome.reason = "the mock stands for .enqueue"
        outcome.edit(frame, _longer("enqueue"))
        judge_mock(study, outcome, call, task)
    return outcome


def judge_mock(study: Study, outcome: Outcome, call: Frame, task: HueyTask) -> None:
    """Judge what a test does with the mock of a task that is one of enqueue now."""
    for chain in uses_of_mock(outcome.source, call):
        name = chain.parts[0] if chain.parts else ""
        if name not in _HUEYS and name != _LOCAL:
            continue
        found = Outcome(
            outcome.source,
            chain.frame,
            PERSON.code,
            Kind.PERSON,
            f"asks the mock for .{name}; it is a mock of enqueue now",
            outcome.tasks,
        )
        if name == "schedule" and _only_counted(chain.parts):
            found.kind, found.code = Kind.CHANGE, PATH.code
            found.reason = "the mocked .schedule is .enqueue"
            found.edits.append(_dropped(chain.frame))
        study.outcomes.append(found)


_COUNTED = frozenset(
    {"assert_called_once", "assert_not_called", "assert_called", "called", "call_count"}
)


def _only_counted(parts: tuple[str, ...]) -> bool:
    """Is the mock of .schedule only asked whether it was called?"""
    return len(parts) == 2 and parts[1] in _COUNTED


def _dropped(frame: Frame) -> Edit:
    """Return the edit that leaves the first of two attributes out."""

    def change(node: Any) -> cst.CSTNode:
        return node.with_changes(value=node.value.value)  # type: ignore[no-any-return]

    return Edit(frame, change)


def _longer(word: str) -> Change:
    """Return the change that gives a path one more word."""

    def change(node: Any) -> cst.CSTNode:
        quote = node.quote
        value = node.value.removesuffix(quote)
        return node.with_changes(value=f"{value}.{word}{quote}")  # type: ignore[no-any-return]

    return change
