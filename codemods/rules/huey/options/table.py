"""What becomes of each option of a task decorator."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.build import Build
from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, integer, is_none, string, text
from codemods.engine.site import Kind, Rule
from codemods.engine.times import is_naive
from codemods.rules.huey.options import retry
from codemods.rules.huey.task import Made

QUEUE = Rule(
    "HUE301",
    "queue= becomes queue_name=",
    "django-huey has a Huey for each queue; the name is listed under QUEUES in the TASKS setting. "
    "A task of a second Huey object that the code makes goes to a queue that is called as the "
    "object. Where nothing chooses a queue, the task goes to the default one.",
    '@db_task(queue="mail")\ndef send(pk): ...',
    '@task(queue_name="mail")\ndef send(pk): ...',
)
PRIORITY = Rule(
    "HUE303",
    "priority= stays",
    "In Huey, as in Django, the higher number comes first. Django takes -100 to 100; a number "
    "beyond, or one that cannot be read here, is left for a person.",
)
EXPIRES = Rule(
    "HUE305",
    "expires= stays",
    "Seconds, a timedelta or a time after which the task is not started any more. A time without "
    "a zone is left for a person.",
)
TIMEOUT = Rule(
    "HUE306",
    "timeout= stays",
    "The seconds after which the task is interrupted: with TaskTimeout of the bridge, where Huey "
    "raised one of its own.",
)
NAME = Rule(
    "HUE307",
    "name= becomes an alias",
    "A task of django.tasks is called by its module path. In Huey's messages it is called by its "
    "module and the custom name: that is written to task_aliases.toml, so messages of old and new "
    "code find the task.",
)
UNREADABLE = Rule(
    "HUE308",
    "The options cannot be read",
    "`**DEFAULTS` is read when the module assigns it a dict once and nobody changes it. Any other "
    "`**`, and options given by position, hide what the task is configured to do, so it stays on "
    "Huey. Write the options out by name and run again.",
)
REFUSED = Rule(
    "HUE309",
    "An option without a counterpart",
    "task_base= changes how the task runs, and other names become attributes of Huey's task "
    "class, where code of the project may read them. Nothing carries that over.",
)
_HIGHEST = 100
_IN_CONTEXT = frozenset({"context"})


def apply_options(build: Build, made: Made, queue: str) -> None:
    """Run the rule of every option; queue is the one of the Huey object, if not the default."""
    if build.options.unreadable:
        build.refuse(UNREADABLE.code, "the options cannot be read here")
        return
    if build.options.elsewhere:
        reason = f"{build.options.elsewhere}= is given in another module, by names of that module"
        build.refuse(UNREADABLE.code, reason)
        return
    for option in build.options.found.values():
        if option.name not in retry.NAMES | _IN_CONTEXT:
            _RULES.get(option.name, _refused)(option, build)
    retry.retry_policy(build)
    if queue:
        build.queues.add(queue)
        build.put("queue_name", lambda values: text(queue))
        build.note(QUEUE.code, f"the queue is called as its Huey, {queue}")
    if made is Made.ON_COMMIT:
        build.put("enqueue_on_commit", lambda values: cst.Name("True"))


def _queue(option: Option, build: Build) -> None:
    if is_none(option.value):
        return
    name = string(constant(build.project, option.value, option.scope, option.source))
    if name is None:
        build.unknown_queue = True
    else:
        build.queues.add(name)
    build.keep(option, "queue_name")
    build.note(QUEUE.code, "queue= is queue_name=")


def _priority(option: Option, build: Build) -> None:
    if is_none(option.value):
        return
    number = integer(constant(build.project, option.value, option.scope, option.source))
    if number is None or abs(number) > _HIGHEST:
        build.refuse(PRIORITY.code, "priority= is not a number from -100 to 100 that can be read")
        return
    build.keep(option, "priority")


def _expires(option: Option, build: Build) -> None:
    if is_none(option.value):
        return
    if is_naive(option.value):
        build.refuse(EXPIRES.code, "expires= has no time zone")
        return
    build.keep(option, "expires")


def _timeout(option: Option, build: Build) -> None:
    if is_none(option.value):
        return
    build.keep(option, "timeout")
    build.note(TIMEOUT.code, "a timeout raises TaskTimeout of the bridge", Kind.CHANGE)


def _name(option: Option, build: Build) -> None:
    if is_none(option.value):
        return
    legacy = string(constant(build.project, option.value, option.scope, option.source))
    if legacy is None:
        build.refuse(NAME.code, "name= cannot be read here")
        return
    build.legacy_name = legacy
    build.note(NAME.code, f"{legacy!r} is an alias")


def _refused(option: Option, build: Build) -> None:
    build.refuse(REFUSED.code, f"{option.name}= has no counterpart")


_RULES = {
    "queue": _queue,
    "priority": _priority,
    "expires": _expires,
    "timeout": _timeout,
    "name": _name,
}
