"""`expires=` stays `expires=`."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.literals import is_none
from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build

EXPIRES = Rule(
    "CEL311",
    "expires= is a policy of the same name",
    "Seconds from the moment it is enqueued, or a point in time, as in Celery. A task that no "
    "worker starts before then fails with TaskExpired, where Celery calls it revoked.",
    "@shared_task(expires=60)\ndef send(pk): ...",
    "@task(expires=60)\ndef send(pk): ...",
)


def expires(option: Option, build: Build) -> None:
    """Pass the expression on."""
    if is_none(option.value):
        return
    build.keep(option, "expires")
    build.note(EXPIRES.code, "expires= is a policy of the same name")
