"""Add and remove imports in a finished tree, comments and layout kept."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from codemods.engine.import_place import insert, sort_key
from codemods.engine.scope import BindingKind, Survey
from codemods.engine.survey import absolute_module, dotted_name
from codemods.engine.tree import Change, Frame, Replacement, descendants, rebuild, spine


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """An import: `from module import name as local`, or `import module` when name is empty."""

    module: str
    name: str
    local: str

    def alias(self) -> cst.ImportAlias:
        """Return the imported name as a node."""
        return _alias(self.name or self.module, self.local)


@dataclass(slots=True)
class _Work:
    module: cst.Module
    survey: Survey
    stale: set[str]
    changes: dict[int, list[Change]] = field(default_factory=lambda: defaultdict(list))
    frames: list[Frame] = field(default_factory=list)

    def edit(self, frame: Frame, change: Change) -> None:
        self.frames.append(frame)
        self.changes[id(frame.node)].append(change)

    def apply(self) -> cst.Module:
        new = rebuild(self.module, self.changes, spine(self.frames))
        return new if isinstance(new, cst.Module) else self.module


def fix_imports(
    module: cst.Module,
    survey: Survey,
    needs: Iterable[Need],
    stale: set[str],
    local_packages: frozenset[str],
) -> cst.Module:
    """Return the module with needed imports added and imports without a use removed."""
    work = _Work(module, survey, stale)
    needs = set(needs)
    wanted: dict[str, list[Need]] = defaultdict(list)
    for need in sorted(needs):
        wanted[need.module if need.name else f"import {need.module}"].append(need)
    used = _used_imports(work)
    for frame in survey.imports:
        # A statement that is emptied goes, and would take what it has been given along.
        if _can_merge(frame, wanted) and not _is_emptied(work, frame, used):
            names = wanted.pop(_module_of(frame))
            work.edit(frame, _merging(names))
    # What is imported anew under a name that goes is what the uses of that name mean now.
    renewed = {need.local for need in needs} & stale
    used = {(key, name) for key, name in used if name not in renewed}
    replaced = _drop_unused(work, wanted, used)
    for key in replaced:
        del wanted[key]
    module = work.apply()
    for needs_of_module in wanted.values():
        module = insert(module, _statement(needs_of_module), local_packages)
    return module


def _module_of(frame: Frame) -> str:
    node = frame.node
    if not isinstance(node, cst.ImportFrom) or node.relative:
        return ""
    return dotted_name(node.module)


def _can_merge(frame: Frame, wanted: dict[str, list[Need]]) -> bool:
    node = frame.node
    if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return False
    line = frame.up
    if line is None or line.up is None or not isinstance(line.up.node, cst.Module):
        return False
    return _module_of(frame) in wanted


def _merging(needs: list[Need]) -> Change:
    def change(node: cst.ImportFrom) -> cst.CSTNode:
        if isinstance(node.names, cst.ImportStar):
            return node
        aliases = list(node.names)
        present = {(_imported(alias), _local(alias)) for alias in aliases}
        for need in needs:
            if (need.name, need.local) not in present:
                _insert_alias(aliases, need.alias())
        return node.with_changes(names=aliases)

    return change


def _insert_alias(aliases: list[cst.ImportAlias], new: cst.ImportAlias) -> None:
    """Put a name where sorted order wants it; the commas around it follow the layout."""
    key = sort_key(_imported(new))
    index = next(
        (at for at, alias in enumerate(aliases) if sort_key(_imported(alias)) > key), len(aliases)
    )
    comma: Any = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if len(aliases) > 1 and isinstance(aliases[0].comma, cst.Comma):
        comma = aliases[0].comma
    if index == len(aliases):
        last = aliases[-1]
        aliases[-1] = last.with_changes(comma=comma)
        aliases.append(new.with_changes(comma=last.comma))
    else:
        aliases.insert(index, new.with_changes(comma=comma))


def _gone(work: _Work, node: Any, used: set[tuple[int, str]]) -> set[str]:
    names = {_local(alias) for alias in node.names}
    return {name for name in names & work.stale if (id(node), name) not in used}


def _is_emptied(work: _Work, frame: Frame, used: set[tuple[int, str]]) -> bool:
    node: Any = frame.node
    tried = frame.enclosing(cst.Try, cst.TryStar) is not None
    return not tried and len(_gone(work, node, used)) == len(node.names)


def _drop_unused(
    work: _Work, wanted: dict[str, list[Need]], used: set[tuple[int, str]]
) -> set[str]:
    """Remove stale names nobody uses; the first emptied statement makes room for a new import."""
    replaced: set[str] = set()
    passed = False
    for frame in work.survey.imports:
        node = frame.node
        if not isinstance(node, (cst.Import, cst.ImportFrom)):
            continue
        if isinstance(node.names, cst.ImportStar) or frame.enclosing(cst.Try, cst.TryStar):
            continue
        name = _module_of(frame)
        gone = _gone(work, node, used)
        if gone and len(gone) < len(node.names):
            work.edit(frame, _without(gone))
        if len(gone) < len(node.names):
            top = name.partition(".")[0]
            passed = passed or (top > "bridge" and top not in sys.stdlib_module_names)
            continue
        key = _replacement_for(frame, wanted.keys() - replaced, in_order=not passed)
        if key:
            replaced.add(key)
            work.edit(frame, _replacing(wanted[key]))
        else:
            _remove_statement(work, frame)
    return replaced


def _used_imports(work: _Work) -> set[tuple[int, str]]:
    used: set[tuple[int, str]] = set()
    words = {
        node.raw_value for node in descendants(work.module) if isinstance(node, cst.SimpleString)
    }
    for chain in work.survey.chains:
        found = chain.frame.scope.lookup(chain.root) if chain.root in work.stale else None
        if found is not None:
            used.update((id(b.frame.node), b.name) for b in found[1])
    for frame in work.survey.imports:
        for bindings in frame.scope.bindings.values():
            used.update(
                (id(b.frame.node), b.name)
                for b in bindings
                if b.kind is BindingKind.IMPORT and b.name in words
            )
    return used


def _replacement_for(frame: Frame, keys: set[str], *, in_order: bool) -> str:
    """Return the new import that can take this statement's line."""
    if not in_order:
        return ""
    line = frame.up
    if line is None or line.up is None or not isinstance(line.up.node, cst.Module):
        return ""
    module = absolute_module(frame.node, "") if isinstance(frame.node, cst.ImportFrom) else ""
    return "bridge" if module.partition(".")[0] == "celery" and "bridge" in keys else ""


def _replacing(needs: list[Need]) -> Change:
    new = _statement(needs)

    def change(node: cst.CSTNode) -> Replacement:
        return new

    return change


def _without(gone: set[str]) -> Change:
    def change(node: Any) -> cst.CSTNode:
        aliases = list(node.names)
        kept = [alias for alias in aliases if _local(alias) not in gone]
        if kept[-1] is not aliases[-1]:
            kept[-1] = kept[-1].with_changes(comma=_ending(kept[-1].comma, aliases[-1].comma))
        return node.with_changes(names=kept)  # type: ignore[no-any-return]

    return change


def _ending(own: Any, last: Any) -> Any:
    """Return the comma of a name that became the last one, its own comment kept."""
    after = getattr(own, "whitespace_after", None)
    end = getattr(last, "whitespace_after", None)
    if isinstance(after, cst.ParenthesizedWhitespace) and after.first_line.comment is not None:
        if isinstance(end, cst.ParenthesizedWhitespace):
            return last.with_changes(whitespace_after=end.with_changes(first_line=after.first_line))
    elif isinstance(end, cst.ParenthesizedWhitespace):
        return last.with_changes(
            whitespace_after=end.with_changes(first_line=cst.TrailingWhitespace())
        )
    return last


def _remove_statement(work: _Work, frame: Frame) -> None:
    line = frame.up
    if line is None or not isinstance(line.node, cst.SimpleStatementLine):
        return
    if len(line.node.body) > 1:
        work.edit(frame, lambda node: cst.RemoveFromParent())
        return
    block = line.up
    siblings = getattr(block.node, "body", ()) if block is not None else ()
    if len(siblings) == 1 and not isinstance(block and block.node, cst.Module):
        work.edit(frame, lambda node: cst.Pass())
        return
    at = next(index for index, item in enumerate(siblings) if item is line.node)
    kept = _comments_of(line.node)
    if at + 1 < len(siblings) and (kept or line.node.leading_lines) and block is not None:
        follower = Frame(siblings[at + 1], block, line.scope)
        work.edit(follower, _with_lines_above(line.node, kept))
    work.edit(line, lambda node: cst.RemoveFromParent())


def _comments_of(line: cst.SimpleStatementLine) -> list[cst.EmptyLine]:
    """Return the comments around a statement that speak to people rather than to tools."""
    comments = [item for item in line.leading_lines if item.comment is not None]
    trailing = line.trailing_whitespace.comment
    if trailing is not None and not trailing.value.lower().startswith(
        ("# noqa", "#noqa", "# type:", "# isort", "# pylint", "# ruff", "# pyright")
    ):
        comments.append(cst.EmptyLine(comment=trailing))
    return comments


def _with_lines_above(removed: cst.SimpleStatementLine, comments: list[cst.EmptyLine]) -> Change:
    blank = [line for line in removed.leading_lines if line.comment is None]

    def change(node: Any) -> cst.CSTNode:
        own = list(node.leading_lines)
        # The removed line may have opened a group of imports: the next one opens it now.
        opening = blank if not own or own[0].comment is not None else []
        return node.with_changes(leading_lines=[*opening, *comments, *own])  # type: ignore[no-any-return]

    return change


def _statement(needs: list[Need]) -> cst.Import | cst.ImportFrom:
    aliases = [need.alias() for need in sorted(needs, key=lambda need: sort_key(need.name))]
    if not needs[0].name:
        return cst.Import(names=aliases)
    module = cst.helpers.parse_template_expression(needs[0].module)
    assert isinstance(module, (cst.Name, cst.Attribute))
    return cst.ImportFrom(module=module, names=aliases)


def _alias(name: str, local: str) -> cst.ImportAlias:
    asname = cst.AsName(name=cst.Name(local)) if local != name else None
    return cst.ImportAlias(name=cst.Name(name), asname=asname)


def _imported(alias: cst.ImportAlias) -> str:
    return dotted_name(alias.name)


def _local(alias: cst.ImportAlias) -> str:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return dotted_name(alias.name)
