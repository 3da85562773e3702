"""The text of the TASKS setting."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.engine.literals import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What a TASKS setting says; the backend and the options are Python expressions."""

    backend: str
    queues: tuple[str, ...]
    """Empty for any."""
    options: dict[str, str]
    width: int = 88

    def source(self) -> str:
        """Return the assignment."""
        lines = ["TASKS = {", '    "default": {', *self._backend(), *self._queues()]
        if self.options:
            lines.append('        "OPTIONS": {')
            lines += [f'            "{name}": {value},' for name, value in self.options.items()]
            lines.append("        },")
        lines += ["    },", "}", ""]
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


def override(backend: str, before: str, propagate: str | None) -> str:
    """Return the assignment that gives one settings module another backend."""
    lines = [
        "TASKS = {",
        '    "default": {',
        f'        **{before}["default"],',
        f'        "BACKEND": {backend},',
    ]
    if propagate is not None:
        rest = f'**{before}["default"]["OPTIONS"]'
        lines.append(f'        "OPTIONS": {{{rest}, "PROPAGATE": {propagate}}},')
    return "\n".join([*lines, "    },", "}", ""])


def statements(code: str, *, space_above: bool = True) -> list[cst.SimpleStatementLine]:
    """Return the statements of some source, a blank line above the first."""
    body = [
        item for item in cst.parse_module(code).body if isinstance(item, cst.SimpleStatementLine)
    ]
    if space_above:
        body[0] = body[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    return body
