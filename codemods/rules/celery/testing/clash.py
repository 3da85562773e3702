"""Mocks of two sending methods of one task at one time: both would replace enqueue."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind
from codemods.engine.tree import Frame
from codemods.rules.celery.study import Study
from codemods.rules.celery.testing.assertion import PERSON


def note_mock(study: Study, outcome: Outcome, method: str) -> None:
    """Remember which method a mock replaces, and in which test."""
    test = outcome.frame.enclosing(cst.FunctionDef)
    if test is not None:
        for key in outcome.tasks:
            study.mocks[id(test.node), key].append((method, outcome))


def settle_clashes(study: Study) -> None:
    """Leave the mocks to a person that would hide one another; until then they fail."""
    for mocks in study.mocks.values():
        for method, outcome in mocks:
            others = {name for name, other in mocks if _meet(outcome.frame, other.frame)} - {method}
            if others:
                outcome.code, outcome.kind = PERSON.code, Kind.PERSON
                outcome.reason = (
                    f"beside a mock of {' and '.join(sorted(others))}: both are enqueue"
                )
                outcome.edits.clear()


def _meet(one: Frame, other: Frame) -> bool:
    """Do two mocks of one test hold at the same time, as far as one can see?"""
    holders = [frame.enclosing(cst.Decorator, cst.With) for frame in (one, other)]
    first, second = (holder.node if holder is not None else None for holder in holders)
    if isinstance(first, cst.Decorator) or isinstance(second, cst.Decorator):
        return True
    if first is None or second is None:
        return first is second
    return any(frame.node is second for frame in one.ancestors()) or any(
        frame.node is first for frame in other.ancestors()
    )
