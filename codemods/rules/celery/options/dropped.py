"""Options without a meaning in django.tasks."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, is_none, string
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.options.build import Build

DROPPED = Rule(
    "CEL304",
    "Options without a meaning in django.tasks are dropped",
    "ignore_result, trail, compression, track_started, send_events, store_errors_even_if_ignored, "
    "typing, shared, lazy, reject_on_worker_lost, acks_on_failure_or_timeout, resultrepr_maxsize, "
    'delivery_mode, interval_* and serializer="json" configure Celery\'s '
    "transport or results; what the task does stays the same.",
)

NAMES = frozenset(
    [
        "ignore_result",
        "trail",
        "compression",
        "track_started",
        "send_events",
        "store_errors_even_if_ignored",
        "typing",
        "shared",
        "lazy",
        "reject_on_worker_lost",
        "store_eager_result",
        "resultrepr_maxsize",
        "acks_on_failure_or_timeout",
        "acks_on_failure",
        "acks_on_timeout",
        "interval_start",
        "interval_step",
        "interval_max",
        "delivery_mode",
    ]
)


def dropped(option: Option, build: Build) -> None:
    """Leave the option out."""
    build.note(DROPPED.code, f"{option.name}= has no meaning here and is left out")


THROWS = Rule(
    "CEL313",
    "throws= is dropped",
    "Celery logs the exceptions a task lists in throws= as information, without a traceback. Here "
    "every failure is logged as one; filter them in LOGGING if they are too many.",
)


def throws(option: Option, build: Build) -> None:
    """Leave the option out, and say what changes."""
    build.note(THROWS.code, "the exceptions of throws= are logged as errors", Kind.CHANGE)


def serializer(option: Option, build: Build) -> None:
    """Leave JSON out, refuse everything else."""
    name = string(constant(build.project, option.value, option.scope, option.source))
    if name == "json" or is_none(option.value):
        dropped(option, build)
    else:
        build.refuse("CEL308", "serializer= is not json; django.tasks takes JSON arguments only")


def bind(option: Option, build: Build) -> None:
    """Leave it out: the context rules replace it."""
