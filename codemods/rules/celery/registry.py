"""Every rule of this codemod, by code."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from codemods.engine.site import Rule
from codemods.rules import celery


def _declared() -> dict[str, Rule]:
    """Return the rules that modules of this package have as constants.

    Raise ValueError for two rules with one code.
    """
    rules: dict[str, Rule] = {}
    for module in walk_packages(celery.__path__, f"{celery.__name__}."):
        if module.name == __name__:
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Rule) and rules.setdefault(value.code, value) is not value:
                raise ValueError(f"{value.code} is the code of two rules; give one another.")
    return rules


RULES: tuple[Rule, ...] = tuple(rule for _, rule in sorted(_declared().items()))
