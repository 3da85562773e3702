"""`patch.object(tasks, "send")`, `patch.object(send, "call_local")` and the like."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.literals import renamed_string
from codemods.engine.mocks.paths import patches
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.huey.study import Study, Use
from codemods.rules.huey.testing.paths import PERSON, judge_mock

OBJECT = Rule(
    "HUE602",
    'patch.object(tasks, "send") becomes patch.object(tasks.send, "enqueue")',
    "The mock stands where the call of the task stood, so that what the test asserts of it stays "
    'right. patch.object(send, "call_local") is patch.object(send, "call").',
    'patch.object(tasks, "send")',
    'patch.object(tasks.send, "enqueue")',
)


def patched_object(study: Study, use: Use, arg: Frame, call: Frame) -> Outcome | None:
    """Judge a task that is followed by the name of an attribute that is patched."""
    assert isinstance(call.node, cst.Call)
    name = _name_after(call.node, arg)
    if name is None or not (patches(call.node) and use.source.is_test):
        return None
    if name.raw_value != "call_local":
        reason = f"mocks .{name.raw_value}, which a converted task does not have"
        return use.person(PERSON, reason)
    outcome = use.outcome(OBJECT, '"call_local" is "call"')
    outcome.edits.append(Edit(_frame_of(call, name), renamed_string("call")))
    return outcome


def judge_objects(study: Study, sources: list[Source]) -> None:
    """Judge every patch of a task as an attribute of a module."""
    for source in sources:
        for chain in source.survey.chains:
            outcome = _of_module(study, source, chain)
            if outcome is not None:
                study.outcomes.append(outcome)


def _of_module(study: Study, source: Source, chain: Chain) -> Outcome | None:
    arg = chain.frame.up
    call = arg.up if arg is not None else None
    if arg is None or call is None or not isinstance(call.node, cst.Call):
        return None
    name = _name_after(call.node, arg) if isinstance(arg.node, cst.Arg) else None
    if name is None or not patches(call.node):
        return None
    module = study.project.resolve(chain, source)
    if module is None or module.rest or module.binding is not None:
        return None
    target = study.project.resolve_dotted(f"{module.full}.{name.raw_value}")
    task = study.tasks.get(target.full) if target is not None else None
    if task is None:
        return None
    use = Use(task, source, chain, ())
    outcome = use.outcome(OBJECT, "the mock stands for .enqueue")
    outcome.edit(chain.frame, lambda node: _with_attribute(node, name.raw_value))
    outcome.edits.append(Edit(_frame_of(call, name), renamed_string("enqueue")))
    judge_mock(study, outcome, call, task)
    return outcome


def _name_after(node: cst.Call, arg: Frame) -> cst.SimpleString | None:
    args = list(node.args)
    at = next((index for index, item in enumerate(args) if item is arg.node), None)
    if at is None or at + 1 >= len(args):
        return None
    name = args[at + 1].value
    return name if isinstance(name, cst.SimpleString) else None


def _frame_of(call: Frame, name: cst.SimpleString) -> Frame:
    place = next(item for item in call.node.args if item.value is name)  # type: ignore[attr-defined]
    return Frame(name, Frame(place, call, call.scope), call.scope)


def _with_attribute(node: Any, name: str) -> cst.CSTNode:
    return cst.Attribute(value=node, attr=cst.Name(name))
