"""Mock paths: `patch("shop.tasks.send.delay")` and `patch("shop.views.send")`."""

from __future__ import annotations

from codemods.engine.mocks.paths import constant_patch, patch_call, renamed_end, replaced
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.names import SEND, SIGNATURES
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask
from codemods.rules.celery.testing.assertion import FROZEN, PERSON
from codemods.rules.celery.testing.clash import note_mock
from codemods.rules.celery.testing.mock_of_celery import is_of_celery, mock_path_of_celery
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
_RUN = frozenset({"run", "apply"})


def judge_paths(study: Study, sources: list[Source]) -> None:
    """Judge every string that leads to a task."""
    for source in sources:
        for text in source.survey.texts:
            call = patch_call(text.frame) or constant_patch(source, text)
            outcome = judge_path(study, source, text.frame, text.value, call)
            if outcome is not None:
                study.outcomes.append(outcome)


def judge_path(
    study: Study,
    source: Source,
    frame: Frame,
    path: str,
    call: Frame | None,
) -> Outcome | None:
    """Judge one string, or the last piece of one, that leads to a task and is patched by a call."""
    head, _, last = path.rpartition(".")
    dotted = head if last in SEND else path
    target = study.project.resolve_dotted(dotted)
    task = study.tasks.get(target.dotted) if target is not None else None
    if task is None or target is None:
        return None
    if target.rest:
        if call is None:
            return None
        if target.rest[0] in CELERY_ONLY:
            return mocked_away(source, frame, task.key, target.rest[0])
        return _ran(study, source, frame, task.key, target.rest)
    outcome = Outcome(
        source,
        frame,
        MOCK_PATH.code,
        Kind.REWRITE,
        f"the mock path ends in .enqueue, not .{last}",
        frozenset({task.key}),
    )
    if last in SEND:
        return _sends(study, outcome, last, call, task)
    if call is None:
        return None
    outcome.counted = False
    follow_whole_mock(study, outcome, call, task)
    return outcome


def _sends(
    study: Study,
    outcome: Outcome,
    last: str,
    call: Frame | None,
    task: CeleryTask,
) -> Outcome:
    """Add what becomes of a mock in the place of a sending method."""
    if frozen(study, outcome, call):
        return outcome
    if is_of_celery(study, task, last):
        mock_path_of_celery(study, outcome, task, last, call)
        return outcome
    if last == "apply_async" and call is not None and replaced(call):
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = "what replaces apply_async gets the arguments of enqueue now"
    note_mock(study, outcome, last)
    outcome.edit(outcome.frame, renamed_end(last, "enqueue"))
    if last == "apply_async" and call is not None:
        follow_mock(study, outcome, call, task)
    return outcome


def frozen(study: Study, outcome: Outcome, call: Frame | None) -> bool:
    """Report a patch that Django's own task refuses; say whether it is one."""
    if study.target != "django" or call is None:
        return False
    outcome.code, outcome.kind, outcome.reason = PERSON.code, Kind.PERSON, FROZEN
    return True


def _ran(
    study: Study, source: Source, frame: Frame, key: str, rest: tuple[str, ...]
) -> Outcome | None:
    if len(rest) != 1 or rest[0] not in _RUN:
        return None
    outcome = Outcome(
        source,
        frame,
        MOCK_PATH.code,
        Kind.REWRITE,
        f"the mock path ends in .call, not .{rest[0]}",
        frozenset({key}),
    )
    if key in study.takes_context:
        outcome.code, outcome.kind = PERSON.code, Kind.PERSON
        outcome.reason = f".{rest[0]} of a task with a context is a direct call"
        return outcome
    if not frozen(study, outcome, frame):
        if rest[0] == "apply":
            outcome.kind = Kind.CHANGE
            outcome.reason = ".apply is .call, which returns the value, not a result"
        outcome.edit(frame, renamed_end(rest[0], "call"))
    return outcome


def mocked_away(source: Source, frame: Frame, key: str, name: str) -> Outcome:
    """Report a mock of something only a Celery task has."""
    reason = f"mocks .{name}, which a converted task does not have"
    return Outcome(source, frame, "CEL606", Kind.PERSON, reason, frozenset({key}))
