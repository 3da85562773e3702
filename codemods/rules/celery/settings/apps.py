"""`"bridge"` joins INSTALLED_APPS."""

from __future__ import annotations

from codemods.engine.outcome import Outcome
from codemods.engine.settings import apps
from codemods.engine.settings.homes import Home
from codemods.engine.site import Rule

INSTALLED = Rule(
    "CEL502",
    '"bridge" is added to INSTALLED_APPS',
    "The bridge keeps a row per task in a table of its own; run migrate after the rewrite. A "
    "property that returns a list it begins with a literal is edited there; a computed list gets "
    "a line below it.",
    'INSTALLED_APPS = ["shop"]',
    'INSTALLED_APPS = ["shop", "bridge"]',
)


def install(home: Home) -> Outcome:
    """Return the edit that adds the app, or what a person has to do."""
    return apps.install(home, INSTALLED.code)
