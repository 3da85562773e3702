"""`rate_limit=` becomes `rate_limit=RateLimit(...)`."""

from __future__ import annotations

import re

import libcst as cst

from codemods.engine.decorators.given import Option
from codemods.engine.literals import constant, integer, is_none, string, text
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.options.build import Build

RATE = Rule(
    "CEL312",
    "rate_limit= becomes rate_limit=RateLimit(...)",
    "Celery counts starts in each worker and spaces them out; RateLimit counts them over all "
    "workers, and what may start starts at once. A team with three workers and 10/m ran up to "
    "thirty a minute, and runs ten now. On bridge.CeleryBackend each worker still counts for "
    "itself. A rate that is computed, or has a fraction, is left for a person.",
    '@shared_task(rate_limit="10/m")\ndef send(pk): ...',
    '@task(rate_limit=RateLimit("10/m"))\ndef send(pk): ...',
)
_RATE = re.compile(r"[1-9]\d*/[smh]")


def rate_limit(option: Option, build: Build) -> None:
    """Write the policy."""
    given = constant(build.project, option.value, option.scope, option.source)
    if is_none(given):
        return
    count = integer(given)
    rate = f"{count}/s" if count is not None else string(given) or ""
    rate = rate if "/" in rate else f"{rate}/s"
    if rate in {"0/s", "0/m", "0/h"}:
        build.note(RATE.code, "a rate_limit of 0 is none")
        return
    if not _RATE.fullmatch(rate):
        build.refuse(
            RATE.code, "rate_limit= is not a whole number per s, m or h that can be read here"
        )
        return
    same = string(given) == rate
    name = build.bridge("RateLimit")

    def make(value: cst.BaseExpression) -> cst.Call:
        return cst.Call(func=cst.parse_expression(name), args=[cst.Arg(value)])

    build.put(
        "rate_limit",
        lambda values: make(values["rate_limit"] if same else text(rate)),
        option.index,
    )
    build.note(
        RATE.code,
        f"{rate} counts the starts of all workers; Celery's counted each one's",
        Kind.CHANGE,
    )
