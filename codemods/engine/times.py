"""Times in code: with a zone or without."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import string
from codemods.engine.survey import dotted_name
from codemods.engine.tree import descendants

_WITH_ZONE = 8


def is_naive(value: cst.BaseExpression) -> bool:
    """Is it a text, or a time that is made without a zone?"""
    if string(value) is not None:
        return True
    if _is_made_aware(value):
        return False
    for node in (value, *descendants(value)):
        if not isinstance(node, cst.Call):
            continue
        words = dotted_name(node.func).split(".")
        if words[-1] == "utcnow" or (words[-2:] == ["datetime", "now"] and not node.args):
            return True
        if words[-1] == "datetime" and "tzinfo" not in code(node) and len(node.args) < _WITH_ZONE:
            return True
    return False


def _is_made_aware(value: cst.BaseExpression) -> bool:
    return any(
        word in code(value) for word in ("make_aware(", "astimezone(", "localize(", "tzinfo")
    )
