"""Options nothing in django.tasks or the bridge carries."""

from __future__ import annotations

from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build
from codemods.rules.celery.task import Option

REFUSED = Rule(
    "CEL308",
    "An option has no counterpart",
    "base=, rate_limit=, expires=, throws=, the on_* hooks and routing options change what the "
    "task does and nothing carries them over, so the task stays on Celery with all its calls. "
    "Remove the option, or move what it does into the function, and run again.",
)

_ADVICE = {
    "base": "move what the base class does into the function or a decorator below it",
    "rate_limit": "limit the rate in the function, or give the task a queue with few workers",
    "expires": "check the age of the work at the start of the function",
    "throws": "catch the expected exceptions in the function",
}


def refused(option: Option, build: Build) -> None:
    """Leave the task on Celery."""
    advice = _ADVICE.get(option.name, "do it in the function")
    build.refuse(REFUSED.code, f"{option.name}= has no counterpart; {advice}")
