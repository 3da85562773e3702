"""Options nothing in django.tasks or the bridge carries."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build

REFUSED = Rule(
    "CEL308",
    "An option has no counterpart",
    "on_retry=, after_return, before_start, routing options and classes given as request "
    "change what the task does, and nothing carries them over as they are: the task stays on "
    "Celery with all its calls. What on_failure= and on_success= do fits in tasks that are hooks "
    '(`@task(on_failure=clean_up.hook("x"))`), or in the function.',
)

_ADVICE = {
    "on_failure": "make it a task and name it with on_failure=clean_up.hook(...), or catch the "
    "exception in the function",
    "on_success": "make it a task and name it with on_success=follow_up.hook(...), or do it at the "
    "end of the function",
    "on_retry": "do it before raising Retry in the function",
    "after_return": "do it in a finally clause of the function",
    "before_start": "do it at the start of the function",
    "exchange": "name a queue, whose exchange CELERY_TASK_QUEUES declares",
    "routing_key": "name a queue, whose routing key CELERY_TASK_QUEUES declares",
}


def refused(option: Option, build: Build) -> None:
    """Leave the task on Celery."""
    advice = _ADVICE.get(option.name, "do it in the function")
    build.refuse(REFUSED.code, f"{option.name}= has no counterpart; {advice}")
