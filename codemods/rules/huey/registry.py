"""Every rule of this codemod, by code."""

from __future__ import annotations

from codemods.engine.registry import declared
from codemods.rules import huey

RULES = declared(huey, __name__)
