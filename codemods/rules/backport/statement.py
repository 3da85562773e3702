"""One `from … import …` becomes as many as its names have new homes, in sorted order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import libcst as cst

from codemods.engine.import_place import order, sort_key
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Change, Replacement

_OURS = ("bridge", "django.tasks", "django.utils.json")


@dataclass(frozen=True, slots=True)
class Move:
    """What one imported name becomes; without a module it stays."""

    index: int
    module: str = ""
    names: tuple[tuple[str, str], ...] = ()
    """Each new name, and what the file calls it."""


def split(moves: list[Move], at: int, width: int) -> Change:
    """Return the change of the line whose statement at a place imports the names."""

    def change(line: Any) -> Replacement:
        old = line.body[at]
        found = _statements(old, moves, width)
        if len(line.body) > 1:
            new = [
                item.with_changes(
                    semicolon=cst.Semicolon(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" "))
                )
                for item in found
            ]
            new[-1] = new[-1].with_changes(semicolon=old.semicolon)
            return line.with_changes(body=[*line.body[:at], *new, *line.body[at + 1 :]])  # type: ignore[no-any-return]
        first, *others = found
        lines = [line.with_changes(body=[first])]
        lines += [cst.SimpleStatementLine(body=[item]) for item in others]
        return lines[0] if len(lines) == 1 else cst.FlattenSentinel(lines)

    return change


def _statements(old: cst.ImportFrom, moves: list[Move], width: int) -> list[cst.ImportFrom]:
    assert not isinstance(old.names, cst.ImportStar)
    groups: dict[str, list[cst.ImportAlias]] = defaultdict(list)
    stay = [old.names[move.index] for move in moves if not move.module]
    for move in moves:
        for name, local in move.names:
            groups[move.module].append(_alias(name, local))
    if len(groups) == 1 and not stay and all(len(move.names) == 1 for move in moves):
        (module,) = groups
        new = old.with_changes(module=_module(module), names=_renamed(old.names, groups[module]))
        text = cst.Module(body=[]).code_for_node(new)
        fits = "\n" in text or len(text) <= width
        return [new if fits else _fresh(module, groups[module], width)]
    kept = [cst.ImportAlias(alias.name, alias.asname) for alias in stay]
    found = [_fresh(dotted_name(old.module), kept, width)] if stay else []
    found += [_fresh(module, groups[module], width) for module in sorted(groups)]
    return found


def _renamed(old: Any, new: list[cst.ImportAlias]) -> list[cst.ImportAlias]:
    """Return new names with the commas of the old ones, sorted when those were."""
    keys = [sort_key(dotted_name(alias.name)) for alias in old]
    bare = not any(_has_comment(alias.comma) for alias in old)
    if bare and keys == sorted(keys):
        new = sorted(new, key=lambda alias: sort_key(dotted_name(alias.name)))
    return [alias.with_changes(comma=before.comma) for alias, before in zip(new, old, strict=True)]


def _has_comment(comma: Any) -> bool:
    after = getattr(comma, "whitespace_after", None)
    return isinstance(after, cst.ParenthesizedWhitespace) and (
        after.first_line.comment is not None or any(line.comment for line in after.empty_lines)
    )


def _fresh(module: str, aliases: list[cst.ImportAlias], width: int) -> cst.ImportFrom:
    aliases = sorted(aliases, key=lambda alias: sort_key(dotted_name(alias.name)))
    names = [cst.Module(body=[]).code_for_node(alias) for alias in aliases]
    text = f"from {module} import {', '.join(names)}"
    if len(text) > width:
        text = f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    assert isinstance(line.body[0], cst.ImportFrom)
    return line.body[0]


def _alias(name: str, local: str) -> cst.ImportAlias:
    asname = None if name == local else cst.AsName(name=cst.Name(local))
    return cst.ImportAlias(name=cst.Name(name), asname=asname)


def _module(name: str) -> Any:
    return cst.parse_expression(name)


def sort_into_place(block: Any) -> cst.CSTNode:
    """Move imports that have a new home to where their sorted neighbours want them."""
    body, at = list(block.body), 0
    while at < len(body):
        end = at + 1
        while _is_import(body[at]) and end < len(body) and _continues(body[end]):
            end += 1
        body[at:end] = _sorted_run(body[at:end])
        at = end
    return block.with_changes(body=body)  # type: ignore[no-any-return]


def _is_import(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and len(node.body) == 1
        and isinstance(node.body[0], (cst.Import, cst.ImportFrom))
    )


def _continues(node: Any) -> bool:
    return _is_import(node) and not node.leading_lines


def _sorted_run(run: list[Any]) -> list[Any]:
    if not _is_import(run[0]):
        return run
    movable = [line for line in run if _name(line).startswith(_OURS)]
    others = [line for line in run if line not in movable]
    keys = [order(line.body[0]) for line in others]
    if not movable or keys != sorted(keys) or any(_is_relative(line) for line in run):
        return run
    first = run[0].leading_lines
    if any(line.comment for line in first):
        return run
    new = others
    for line in movable:
        key = order(line.body[0])
        at = next((at for at, other in enumerate(new) if order(other.body[0]) > key), len(new))
        new.insert(at, line)
    return [
        line.with_changes(leading_lines=first if at == 0 else ()) for at, line in enumerate(new)
    ]


def _name(line: Any) -> str:
    node = line.body[0] if _is_import(line) else None
    return dotted_name(node.module) if isinstance(node, cst.ImportFrom) else ""


def _is_relative(line: Any) -> bool:
    return isinstance(line.body[0], cst.ImportFrom) and bool(line.body[0].relative)
