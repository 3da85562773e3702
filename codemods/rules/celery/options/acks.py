"""`acks_late=` becomes `on_lost=`."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.given import Option
from codemods.engine.literals import is_false, is_none, is_true, text
from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build

ACKS = Rule(
    "CEL305",
    'acks_late= becomes on_lost="retry" or "fail"',
    'A message acknowledged late comes back when its worker dies: on_lost="retry". One '
    'acknowledged early is gone: on_lost="fail". Tasks that say nothing follow ON_LOST in the '
    "TASKS setting, which is written from CELERY_TASK_ACKS_LATE.",
    "@shared_task(acks_late=True)\ndef send(pk): ...",
    '@task(on_lost="retry")\ndef send(pk): ...',
)


def acks_late(option: Option, build: Build) -> None:
    """Say what happens to a task whose worker died."""
    if is_none(option.value):
        return
    if is_true(option.value) or is_false(option.value):
        value = text("retry" if is_true(option.value) else "fail")
        build.put("on_lost", lambda values: value, option.index)
        build.note(ACKS.code, f"acks_late= is on_lost={value.value}")
        return
    build.put(
        "on_lost",
        lambda values: cst.IfExp(body=text("retry"), test=values["acks_late"], orelse=text("fail")),
        option.index,
    )
    build.note(ACKS.code, "acks_late= is on_lost=")
