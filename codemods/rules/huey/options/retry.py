"""Huey's retry options become one `retry=Retry(...)` policy."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.build import Build, Values
from codemods.engine.layout import call
from codemods.engine.literals import constant, integer, is_none, plus_one
from codemods.engine.site import Rule

RETRY = Rule(
    "HUE302",
    "retries= becomes retry=Retry(...)",
    "Huey counts retries, the policy counts runs, so retries=3 is max_attempts=4. retry_delay=60 "
    "is backoff=fixed(60), at once without it; retry_backoff=2 is exponential(60), and another "
    "factor a function of the number of the attempt. Without retries= the delay does nothing.",
    "@task(retries=2, retry_delay=60)\ndef fetch(url): ...",
    "@task(retry=Retry(max_attempts=3, backoff=fixed(60)))\ndef fetch(url): ...",
)
NAMES = frozenset({"retries", "retry_delay", "retry_backoff"})
_DOUBLE = 2


def retry_policy(build: Build) -> None:
    """Add the policy."""
    found = {name: option for name, option in build.options.found.items() if name in NAMES}
    retries = found.get("retries")
    if retries is None or is_none(retries.value) or integer(retries.value) == 0:
        if found:
            build.note(RETRY.code, "retry options without retries= do nothing")
        return
    delay, backoff = found.get("retry_delay"), found.get("retry_backoff")
    factor = None
    if backoff is not None and delay is not None:
        read = constant(build.project, backoff.value, backoff.scope, backoff.source)
        factor = integer(read) if not isinstance(read, cst.Float) else read.evaluated_value
        if factor is None:
            build.refuse(RETRY.code, "retry_backoff= is not a number that can be read here")
            return
    policy = build.bridge("Retry")
    doubling = factor == _DOUBLE
    wait = build.bridge("exponential" if doubling else "fixed") if factor in (None, 0, 1, 2) else ""

    def make(values: Values) -> cst.BaseExpression:
        seconds = values.get("retry_delay", cst.Integer("0"))
        if wait:
            waiting: cst.BaseExpression = call(cst.parse_expression(wait), [cst.Arg(seconds)])
        else:
            growth = cst.parse_expression(f"{factor} ** (attempt - 1)")
            waiting = cst.Lambda(
                params=cst.Parameters(params=[cst.Param(cst.Name("attempt"))]),
                body=cst.BinaryOperation(seconds, cst.Multiply(), growth),
            )
        args = [
            cst.Arg(keyword=cst.Name("max_attempts"), value=plus_one(values["retries"])),
            cst.Arg(keyword=cst.Name("backoff"), value=waiting),
        ]
        return call(cst.parse_expression(policy), args)

    build.put("retry", make, min(option.index for option in found.values()))
    build.note(RETRY.code, "retry options are a Retry policy")
