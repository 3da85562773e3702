"""`patch.object(x, "delay")`, `monkeypatch.setattr(x, "delay", ...)` and the like."""

from __future__ import annotations

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.literals import renamed_string
from codemods.engine.mocks.paths import replaced
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.tree import Frame
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.testing.assertion import PERSON
from codemods.rules.celery.testing.clash import note_mock
from codemods.rules.celery.testing.mock_of_celery import is_of_celery, mock_of_celery
from codemods.rules.celery.testing.mock_path import CELERY_ONLY, frozen, mocked_away
from codemods.rules.celery.testing.mock_variable import follow_mock

PATCH_OBJECT = Rule(
    "CEL602",
    'patch.object(task, "delay") becomes patch.object(task, "enqueue")',
    "The name of the sending method is replaced in any call that takes a task and, right after "
    "it, that name.",
)


def patch_object(study: Study, use: Use) -> Outcome | None:
    """Judge a task that is followed by the name of a sending method."""
    found = named_method(use)
    if found is None:
        return None
    call, name = found
    if name.raw_value in CELERY_ONLY:
        return mocked_away(use.source, use.chain.frame, use.task.key, name.raw_value)
    outcome = Outcome(
        use.source,
        use.chain.frame,
        PATCH_OBJECT.code,
        Kind.REWRITE,
        f'"{name.raw_value}" is "enqueue"',
        frozenset({use.task.key}),
    )
    if frozen(study, outcome, call):
        return outcome
    if is_of_celery(study, use.task, name.raw_value):
        mock_of_celery(study, outcome, use, name.raw_value)
        return outcome
    if name.raw_value == "apply_async" and replaced(call):
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = "what replaces apply_async gets the arguments of enqueue now"
    note_mock(study, outcome, name.raw_value)
    place = next(item for item in call.node.args if item.value is name)  # type: ignore[attr-defined]
    holder = Frame(place, call, call.scope)
    outcome.edits.append(Edit(Frame(name, holder, call.scope), renamed_string("enqueue")))
    if name.raw_value == "apply_async":
        follow_mock(study, outcome, call, use.task)
    return outcome


def named_method(use: Use) -> tuple[Frame, cst.SimpleString] | None:
    """Return the call that takes a task and the name of a method, with that name."""
    arg = use.chain.frame.up
    call = arg.up if arg is not None else None
    if arg is None or call is None or not isinstance(call.node, cst.Call):
        return None
    args = list(call.node.args)
    at = next((index for index, item in enumerate(args) if item is arg.node), None)
    if at is None or at + 1 >= len(args):
        return None
    name = args[at + 1].value
    if not isinstance(name, cst.SimpleString):
        return None
    only_celery = name.raw_value in CELERY_ONLY and args[at].keyword is None
    return (call, name) if only_celery or name.raw_value in SEND else None
