"""Options without a meaning in django.tasks."""

from __future__ import annotations

from codemods.engine.site import Rule
from codemods.rules.celery.literals import string
from codemods.rules.celery.options.build import Build
from codemods.rules.celery.task import Option, is_none

DROPPED = Rule(
    "CEL304",
    "Options without a meaning in django.tasks are dropped",
    "ignore_result, trail, compression, track_started, send_events, store_errors_even_if_ignored, "
    'typing, shared, lazy, reject_on_worker_lost and serializer="json" configure Celery\'s '
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
    ]
)


def dropped(option: Option, build: Build) -> None:
    """Leave the option out."""
    build.note(DROPPED.code, f"{option.name}= has no meaning here and is left out")


def serializer(option: Option, build: Build) -> None:
    """Leave JSON out, refuse everything else."""
    name = string(option.value)
    if name == "json" or is_none(option.value):
        dropped(option, build)
    else:
        build.refuse("CEL308", "serializer= is not json; django.tasks takes JSON arguments only")


def bind(option: Option, build: Build) -> None:
    """Leave it out: the context rules replace it."""
