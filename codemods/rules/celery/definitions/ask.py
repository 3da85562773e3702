"""`self.retry(...)` becomes `raise Retry(...)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import libcst as cst

from codemods.engine.draft import Edit
from codemods.engine.layout import Space, code, flat_args
from codemods.engine.literals import is_none, is_true, plus_one
from codemods.engine.scope import Chain
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.definitions.caught import catching

ASK = Rule(
    "CEL110",
    "self.retry(...) becomes raise Retry(...)",
    "countdown= is delay=, eta= is at=, max_retries=n is max_attempts=n+1, and exc= is the cause "
    "(`from exc`), which the task fails with when its attempts are used up. A retry with other "
    "arguments than the task had, with throw=False, whose result is used, or which an except "
    "around it catches, has no counterpart; the task stays on Celery. Celery has sent the next "
    "attempt by then; a Retry that is caught asks for nothing. Where code looks at Celery's "
    "exceptions, as in except MaxRetriesExceededError, celery_self(context).retry(...) raises "
    "them.",
)

_POSITIONS = ("args", "kwargs", "exc", "throw", "eta", "countdown", "max_retries")
_OF_BROKER = frozenset({"MessageGroupId", "MessageDeduplicationId"})
"""What the next attempt's message carries for the broker alone."""
_NEW = {"countdown": "delay", "eta": "at", "max_retries": "max_attempts"}


Extra: TypeAlias = "dict[str, cst.BaseExpression] | None"
"""The entries of retry_kwargs=, None when they cannot be read."""


def given(call: cst.Call, extra: Extra) -> dict[str, cst.BaseExpression] | None:
    """Return the arguments of a retry call by name, None if they cannot be told."""
    found: dict[str, cst.BaseExpression] = {}
    for index, arg in enumerate(call.args):
        if arg.star == "**" and extra is not None and _is_retry_kwargs(arg.value):
            found |= extra
            continue
        if arg.star or (arg.keyword is None and index >= len(_POSITIONS)):
            return None
        name = arg.keyword.value if arg.keyword is not None else _POSITIONS[index]
        if not is_none(arg.value):
            found[name] = arg.value
    return found


def is_spread(chain: Chain) -> bool:
    """Is it `**self.retry_kwargs` in a call of self.retry()?"""
    up = chain.frame.up
    if chain.parts != ("retry_kwargs",) or up is None or not isinstance(up.node, cst.Arg):
        return False
    call = up.up.node if up.up is not None else None
    if up.node.star != "**" or not isinstance(call, cst.Call):
        return False
    return dotted_name(call.func) == f"{chain.root}.retry"


def _is_retry_kwargs(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == "retry_kwargs"


@dataclass(frozen=True, slots=True)
class Asking:
    """How a retry can be said in other words."""

    problem: str = ""
    """Why it cannot, if it cannot."""
    of_celery: bool = False
    """Does it need Celery's own words and exceptions?"""


def read_ask(chain: Chain, extra: Extra) -> Asking:
    """Return how a `self.retry(...)` can be rewritten."""
    statement = _statement(chain)
    if statement is None:
        return Asking("the result of self.retry() is used")
    args = given(_call_of(statement.node), extra)
    if args is None:
        return Asking("self.retry() has arguments that cannot be read")
    if "throw" in args and not is_true(args["throw"]):
        return Asking("self.retry(throw=False) goes on after asking for a retry")
    other = sorted(args.keys() - _NEW.keys() - {"exc", "throw"} - _OF_BROKER)
    if other:
        return Asking(f"self.retry({other[0]}=) changes the task that runs again")
    found = catching(statement, cause="exc" in args)
    return Asking(found.problem, found.knows or bool(args.keys() & _OF_BROKER))


def has_delay(chain: Chain, extra: Extra) -> bool:
    """Does the retry say when it wants to run?"""
    statement = _statement(chain)
    args = given(_call_of(statement.node), extra) if statement is not None else None
    return args is not None and bool({"countdown", "eta"} & args.keys())


def retry_edit(
    chain: Chain,
    retry: str,
    defaults: dict[str, cst.BaseExpression],
    extra: Extra,
    space: Space,
) -> Edit:
    """Return the edit of the statement; the defaults are spelled out where nothing is given."""
    statement = _statement(chain)
    assert statement is not None

    def change(node: cst.CSTNode) -> cst.CSTNode:
        call = _call_of(node)
        args = given(call, extra) or {}
        for name, value in defaults.items():
            if name not in args and not (name == "countdown" and "eta" in args):
                args[name] = value
        exc = args.pop("exc", None)
        args.pop("throw", None)
        new = cst.Call(func=cst.parse_expression(retry), args=flat_args(_arguments(args)))
        cause = node.cause if isinstance(node, cst.Raise) else None
        if cause is None and exc is not None:
            cause = cst.From(item=exc)
        taken = len("raise ") + (len(f" from {code(cause.item)}") if cause else 0)
        return cst.Raise(
            exc=space.fit(new, taken),
            cause=cause,
            whitespace_after_raise=cst.SimpleWhitespace(" "),
            semicolon=getattr(node, "semicolon", cst.MaybeSentinel.DEFAULT),
        )

    return Edit(statement, change)


def _arguments(args: dict[str, cst.BaseExpression]) -> list[cst.Arg]:
    found = []
    for name, value in args.items():
        new = plus_one(value) if name == "max_retries" else value
        found.append(cst.Arg(keyword=cst.Name(_NEW[name]), value=new))
    return found


def _statement(chain: Chain) -> Frame | None:
    """Return the raise, return or expression statement the retry is all of."""
    call = chain.frame.up
    if (
        call is None
        or not isinstance(call.node, cst.Call)
        or call.node.func is not chain.frame.node
    ):
        return None
    up = call.up
    if up is None or not isinstance(up.node, (cst.Raise, cst.Expr, cst.Return)):
        return None
    whole = up.node.exc if isinstance(up.node, cst.Raise) else up.node.value
    return up if whole is call.node else None


def _call_of(node: Any) -> cst.Call:
    call = node.exc if isinstance(node, cst.Raise) else node.value
    assert isinstance(call, cst.Call)
    return call
