"""`base=` is read when the class only carries options."""

from __future__ import annotations

from codemods.engine.decorators.given import Option
from codemods.engine.literals import is_none
from codemods.engine.site import Rule
from codemods.engine.survey import dotted_name
from codemods.rules.celery.bases import read_base
from codemods.rules.celery.options.build import Build
from codemods.rules.celery.options.handlers import handler, handlers_of_class

BASE = Rule(
    "CEL314",
    "base= names a class that does more than carry options",
    "A class with abstract = True and options such as autoretry_for or max_retries is read as if "
    "the decorator had them. One with methods changes how the task runs, and nothing carries that "
    "over, on_failure and on_success alone excepted, which are called as before. __call__ and "
    "before_start become a decorator below @task, shared state a cached function of the module. "
    "Then remove base=.",
)

_WRAPPING = {"__call__", "before_start", "after_return"}
_HOOKS = {"on_failure", "on_success", "on_retry"}


def base(option: Option, build: Build) -> None:
    """Leave the task on Celery and say which methods matter."""
    if is_none(option.value):
        return
    name = dotted_name(option.value) or "a class"
    read = read_base(build.project, option)
    if read is None or not read.methods:
        build.refuse(BASE.code, f"base={name} is not a class of this project that can be read")
        return
    kept = handlers_of_class(option, build, read.methods) if read.known and not read.entries else []
    if kept:
        for each in kept:
            handler(each, build)
        return
    methods = list(dict.fromkeys(read.methods))
    advice = ""
    if hooks := [method for method in methods if method in _HOOKS]:
        advice += f"; make a task of {_and(hooks)} and name it as a hook"
    if wrapping := [method for method in methods if method in _WRAPPING]:
        advice += f"; make a decorator below @task of {_and(wrapping)}"
    if other := [each for each in methods if each not in _HOOKS | _WRAPPING]:
        advice += f"; move {_and(other)} into functions of the module"
    build.refuse(BASE.code, f"base={name} has more than options{advice}")


def _and(names: list[str]) -> str:
    shown = names[:4] + (["more"] if len(names) > 4 else [])
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
