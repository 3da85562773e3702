"""`queue=` becomes `queue_name=`."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, is_none, string
from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build

QUEUE = Rule(
    "CEL301",
    "queue= becomes queue_name=",
    "The name is listed under QUEUES in the TASKS setting: Django refuses a queue it does not "
    'know. Django calls the default queue "default", and a task there goes to Celery\'s own '
    'default queue. A Celery queue that is called "default" without being the default one would '
    "lose its messages to the other; such tasks stay on Celery.",
    '@shared_task(queue="mail")\ndef send(pk): ...',
    '@task(queue_name="mail")\ndef send(pk): ...',
)


def queue(option: Option, build: Build) -> None:
    """Rename the option and remember the queue."""
    if is_none(option.value):
        return
    value = constant(build.project, option.value, option.scope, option.source)
    name = string(value)
    if name == "default":
        if build.default_queue not in (None, "default"):
            build.refuse(
                QUEUE.code,
                f'queue "default" is not Celery\'s default queue ({build.default_queue!r}); '
                "rename the queue or set CELERY_TASK_DEFAULT_QUEUE",
            )
            return
    elif name is None:
        build.unknown_queue = True
    else:
        build.queues.add(name)
    build.keep(option, "queue_name")
    build.note(QUEUE.code, "queue= is queue_name=")
