"""What a module binds, read without its tree: enough to follow an import through it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

from codemods.engine.bare import absolute
from codemods.engine.scope import BindingKind

_BARE_EXCEPT = re.compile(
    rb"^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)(?=[ \t]*:)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Link:
    """One binding of a module-level name."""

    kind: BindingKind
    target: str = ""
    """The dotted name imported, or the dotted name assigned."""


@dataclass(slots=True)
class Outline:
    """The module-level names of a file."""

    links: dict[str, list[Link]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def add(self, name: str, kind: BindingKind, target: str = "") -> None:
        """Add a binding."""
        self.links.setdefault(name, []).append(Link(kind, target))


def parsed(data: bytes) -> ast.Module | None:
    """Return the syntax tree, None when this Python cannot parse the source."""
    tree = _parsed(data)
    if tree is None:
        # What Python 3.14 lets people write (PEP 758), as older ones want it.
        older = _BARE_EXCEPT.sub(rb"\1(\2)", data)
        tree = _parsed(older) if older != data else None
    return tree


def _parsed(data: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def outline(data: bytes, package: str) -> Outline | None:
    """Return the module-level names, None when this Python cannot parse the source."""
    tree = parsed(data)
    if tree is None:
        return None
    reader = _Reader(package)
    reader.read(tree.body)
    if b"global" in data:
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                for name in node.names:
                    reader.result.add(name, BindingKind.OTHER)
    return reader.result


class _Reader:
    def __init__(self, package: str) -> None:
        self.package = package
        self.result = Outline()

    def read(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.result.add(node.name, BindingKind.FUNCTION)
        elif isinstance(node, ast.ClassDef):
            self.result.add(node.name, BindingKind.CLASS)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                target = alias.name if alias.asname else root
                self.result.add(alias.asname or root, BindingKind.IMPORT, target)
        elif isinstance(node, ast.ImportFrom):
            self.import_from(node)
        elif isinstance(node, ast.Assign):
            for assigned in node.targets:
                self.target(assigned, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.target(node.target, node.value)
        elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor)):
            self.target(node.target, None)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    self.target(item.optional_vars, item.context_expr)
        self.below(node)

    def below(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return
        for part in ("body", "orelse", "finalbody"):
            self.read(getattr(node, part, ()))
        if isinstance(node, (ast.Try, ast.TryStar)):
            for handler in node.handlers:
                if handler.name:
                    self.result.add(handler.name, BindingKind.OTHER)
                self.read(handler.body)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self.read(case.body)

    def import_from(self, node: ast.ImportFrom) -> None:
        module = absolute(self.package, node.level, node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.result.stars.append(module)
                continue
            target = f"{module}.{alias.name}" if module else alias.name
            self.result.add(alias.asname or alias.name, BindingKind.IMPORT, target)

    def target(self, node: ast.expr, value: ast.expr | None) -> None:
        if isinstance(node, ast.Name):
            kind = BindingKind.OTHER if value is None else BindingKind.ASSIGN
            self.result.add(node.id, kind, _dotted(value))
        elif isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                inner = element.value if isinstance(element, ast.Starred) else element
                self.target(inner, None)


def _dotted(node: ast.expr | None) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
        parts.append(str(node.value))
    elif isinstance(node, ast.Name):
        parts.append(node.id)
    else:
        return ""
    return ".".join(reversed(parts))
