"""Celery's retry options become one `retry=Retry(...)` policy."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from codemods.engine.decorators.build import Values
from codemods.engine.literals import (
    constant,
    integer,
    is_false,
    is_none,
    is_true,
    mapping,
    plus_one,
)
from codemods.engine.site import Rule
from codemods.rules.celery.options.build import Build

RETRY = Rule(
    "CEL307",
    "Retry options become retry=Retry(...)",
    "Celery counts retries, the policy counts runs, so max_retries=3 (also Celery's default) is "
    "max_attempts=4. autoretry_for is on=, dont_autoretry_for is never_on=, retry_backoff is "
    "backoff=exponential(factor) with max_delay= and jitter=, else backoff=fixed(seconds) from "
    "countdown or default_retry_delay (180). A task that only calls self.retry() gets on=(). "
    "Retry options without autoretry_for or self.retry() do nothing in Celery and are left out.",
)

NAMES = frozenset(
    [
        "autoretry_for",
        "dont_autoretry_for",
        "retry_backoff",
        "retry_backoff_max",
        "retry_jitter",
        "max_retries",
        "retry_kwargs",
        "default_retry_delay",
    ]
)
_DEFAULT_DELAY = cst.Integer("180")
_DEFAULT_MAX_DELAY = cst.Integer("600")


def retry_policy(build: Build, *, asks: bool, asks_without_delay: bool) -> None:
    """Add the policy; asks says whether the body calls self.retry()."""
    found = {name: option for name, option in build.options.found.items() if name in NAMES}
    automatic = "autoretry_for" in found
    if not automatic and not asks:
        if found:
            build.note(RETRY.code, "retry options without autoretry_for or self.retry() do nothing")
        return
    if not _readable(build):
        return
    anchor = min((option.index for option in found.values()), default=None)
    exponential = automatic and _backs_off(build)
    fixed = not exponential and (automatic or asks_without_delay)
    retry = build.bridge("Retry")
    spelled = build.bridge("exponential") if exponential else build.bridge("fixed") if fixed else ""
    jittered = not is_false(_option(build, "retry_jitter"))

    def make(values: Values) -> cst.BaseExpression:
        merged = {**values, **_retry_kwargs(values)}
        args: list[cst.Arg] = [_arg("max_attempts", _attempts(merged))]
        args.append(_arg("on", merged.get("autoretry_for", cst.Tuple([]))))
        if "dont_autoretry_for" in merged:
            args.append(_arg("never_on", merged["dont_autoretry_for"]))
        if exponential:
            args.append(_arg("backoff", _call(spelled, _factor(merged["retry_backoff"]))))
            if not is_none(merged.get("retry_backoff_max")):
                args.append(_arg("max_delay", merged.get("retry_backoff_max", _DEFAULT_MAX_DELAY)))
            if jittered:
                args.append(_arg("jitter", merged.get("retry_jitter", cst.Name("True"))))
        elif fixed:
            delay = merged.get("default_retry_delay", _DEFAULT_DELAY)
            args.append(_arg("backoff", _call(spelled, merged.get("countdown", delay))))
        return _spaced(cst.Call(func=cst.parse_expression(retry), args=args))

    build.put("retry", make, anchor)
    build.note(RETRY.code, "retry options are a Retry policy")


def _option(build: Build, name: str) -> cst.BaseExpression | None:
    option = build.options.found.get(name)
    return option.value if option else None


def _readable(build: Build) -> bool:
    """Refuse what cannot be turned into a policy for sure."""
    backoff = _backoff(build)
    if backoff is not None and integer(backoff) is None and not _boolean(backoff):
        build.refuse(RETRY.code, "retry_backoff= is not a number or a boolean that can be read")
        return False
    extra = _option(build, "retry_kwargs")
    if extra is not None:
        entries = mapping(extra)
        if entries is None or not entries.keys() <= {"max_retries", "countdown"}:
            build.refuse(RETRY.code, "retry_kwargs= is more than max_retries and countdown")
            return False
        if "max_retries" in entries and "max_retries" in build.options.found:
            build.refuse(RETRY.code, "max_retries is given twice, also in retry_kwargs")
            return False
    return True


def _boolean(node: cst.BaseExpression) -> bool:
    return is_true(node) or is_false(node)


def _backoff(build: Build) -> cst.BaseExpression | None:
    """Return retry_backoff=, a constant of the project read as its value."""
    option = build.options.found.get("retry_backoff")
    if option is None:
        return None
    return constant(build.project, option.value, option.scope, option.source)


def _backs_off(build: Build) -> bool:
    value = _backoff(build)
    return value is not None and not is_false(value) and integer(value) != 0


def _retry_kwargs(values: Values) -> Values:
    return mapping(values.get("retry_kwargs")) or {}


def _attempts(values: Values) -> cst.BaseExpression:
    retries = values.get("max_retries")
    if retries is None:
        return cst.Integer("4")
    return retries if is_none(retries) else plus_one(retries)


def _factor(value: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [] if is_true(value) or integer(value) == 1 else [value]


def _call(name: str, value: cst.BaseExpression | list[cst.BaseExpression]) -> cst.Call:
    values = value if isinstance(value, list) else [value]
    return cst.Call(
        func=cst.parse_expression(name), args=[cst.Arg(value=inner) for inner in values]
    )


def _arg(keyword: str, value: cst.BaseExpression) -> cst.Arg:
    return cst.Arg(
        keyword=cst.Name(keyword),
        value=value,
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )


def _spaced(call: cst.Call) -> cst.Call:
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    args = [arg.with_changes(comma=comma) for arg in call.args[:-1]]
    return call.with_changes(args=[*args, call.args[-1]])


Policy = Callable[[Build], None]
