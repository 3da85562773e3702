"""Arguments that are given as a tuple and a dict, as those of a call."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import bare
from codemods.engine.literals import parenthesized, string
from codemods.engine.survey import dotted_name

SIMPLE = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.Tuple, cst.Dict)


def positional(node: cst.BaseExpression) -> tuple[list[cst.Arg], bool]:
    """Return what `args=` holds as arguments, and whether it is written out."""
    if isinstance(node, (cst.Tuple, cst.List)):
        found = [
            cst.Arg(
                value=element.value,
                star="*" if isinstance(element, cst.StarredElement) else "",
            )
            for element in node.elements
        ]
        return found, True
    return [cst.Arg(value=_starrable(node), star="*")], False


def keywords(node: cst.BaseExpression) -> tuple[list[cst.Arg], bool]:
    """Return what `kwargs=` holds as arguments, and whether it is written out."""
    given = node.args if isinstance(node, cst.Call) and dotted_name(node.func) == "dict" else ()
    if given and all(arg.keyword is not None or arg.star == "**" for arg in given):
        return [bare(arg) for arg in given], True
    if not isinstance(node, cst.Dict):
        return [cst.Arg(value=_starrable(node), star="**")], False
    found: list[cst.Arg] = []
    for element in node.elements:
        if isinstance(element, cst.StarredDictElement):
            found.append(cst.Arg(value=_starrable(element.value), star="**"))
            continue
        assert isinstance(element, cst.DictElement)
        key = string(element.key)
        if key is not None and key.isidentifier():
            found.append(cst.Arg(keyword=cst.Name(key), value=element.value))
        else:
            one = cst.Dict([cst.DictElement(element.key, element.value)])
            found.append(cst.Arg(value=one, star="**"))
    return found, True


def _starrable(node: cst.BaseExpression) -> cst.BaseExpression:
    return node if isinstance(node, SIMPLE) or node.lpar else parenthesized(node)
