"""The text of the TASKS setting."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.rules.celery.literals import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What a TASKS setting says; values are Python expressions."""

    backend: str
    queues: tuple[str, ...]
    app: str | None
    aliases: str | None
    on_lost: str
    propagate: str | None = None
    width: int = 88

    def source(self) -> str:
        """Return the assignment."""
        lines = ["TASKS = {", '    "default": {', *self._backend()]
        lines.extend(self._queues())
        lines.append('        "OPTIONS": {')
        if self.app is not None:
            lines.append(f'            "APP": {text(self.app).value},')
        if self.aliases is not None:
            lines.append(f'            "ALIASES": {self.aliases},')
        lines.append(f'            "ON_LOST": {self.on_lost},')
        if self.propagate is not None:
            lines.append(f'            "PROPAGATE": {self.propagate},')
        lines += ["        },", "    },", "}", ""]
        return "\n".join(lines)

    def _backend(self) -> list[str]:
        line = f'        "BACKEND": {self.backend},'
        if len(line) <= self.width:
            return [line]
        return ['        "BACKEND": (', f"            {self.backend}", "        ),"]

    def _queues(self) -> list[str]:
        names = [text(name).value for name in self.queues]
        line = f'        "QUEUES": [{", ".join(names)}],'
        if len(line) <= self.width:
            return [line]
        return ['        "QUEUES": [', *(f"            {name}," for name in names), "        ],"]


def eager_override(propagate: bool) -> str:
    """Return the assignment that runs tasks at once in one settings module."""
    lines = [
        "TASKS = {",
        '    "default": {',
        '        **TASKS["default"],',
        '        "BACKEND": "bridge.ImmediateBackend",',
    ]
    if propagate:
        lines.append('        "OPTIONS": {**TASKS["default"]["OPTIONS"], "PROPAGATE": True},')
    return "\n".join([*lines, "    },", "}", ""])


def statements(code: str, *, space_above: bool = True) -> list[cst.SimpleStatementLine]:
    """Return the statements of some source, a blank line above the first."""
    body = [
        item for item in cst.parse_module(code).body if isinstance(item, cst.SimpleStatementLine)
    ]
    if space_above:
        body[0] = body[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    return body
