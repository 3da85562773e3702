"""The rules a codemod has: constants of the modules of its package."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

from codemods.engine.site import Rule


def declared(package: ModuleType, registry: str) -> tuple[Rule, ...]:
    """Return the rules of a package by code; registry is the module that asks.

    Raise ValueError for two rules with one code.
    """
    rules: dict[str, Rule] = {}
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if module.name == registry:
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Rule) and rules.setdefault(value.code, value) is not value:
                raise ValueError(f"{value.code} is the code of two rules; give one another.")
    return tuple(rule for _, rule in sorted(rules.items()))
