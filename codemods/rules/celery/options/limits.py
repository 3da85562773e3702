"""`soft_time_limit=` and `time_limit=` become `timeout=` and `hard_timeout=`."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.literals import is_none
from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build

LIMITS = Rule(
    "CEL306",
    "soft_time_limit= and time_limit= become timeout= and hard_timeout=",
    "After timeout seconds TaskTimeout is raised inside the task; after hard_timeout seconds its "
    "process is killed. Both are seconds, as in Celery.",
    "@shared_task(soft_time_limit=30, time_limit=60)\ndef send(pk): ...",
    "@task(timeout=30, hard_timeout=60)\ndef send(pk): ...",
)


def soft_time_limit(option: Option, build: Build) -> None:
    """Rename the soft limit."""
    _rename(option, build, "timeout")


def time_limit(option: Option, build: Build) -> None:
    """Rename the hard limit."""
    _rename(option, build, "hard_timeout")


def _rename(option: Option, build: Build, keyword: str) -> None:
    if is_none(option.value):
        return
    build.keep(option, keyword)
    build.note(LIMITS.code, f"{option.name}= is {keyword}=")
