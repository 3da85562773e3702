"""The part of a file's diff that belongs to some of its lines."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from codemods.engine.plan import FileChange

_CONTEXT = 2
_PLAIN = {"\t"}


def hunks(change: FileChange, lines: Collection[int]) -> Iterator[str]:
    """Yield a diff of what is next to these lines, or of a new file as a whole."""
    before, after = _lines(change.before or b""), _lines(change.after)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    shown = False
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        first, last = group[0][1] + 1, group[-1][2]
        if change.before is not None and not any(first <= line <= last for line in lines):
            continue
        if not shown:
            yield f"--- {change.label}"
            shown = True
        yield f"@@ line {first} @@"
        for kind, start, end, new_start, new_end in group:
            if kind == "equal":
                yield from (f" {line}" for line in before[start:end])
            else:
                yield from (f"-{line}" for line in before[start:end])
                yield from (f"+{line}" for line in after[new_start:new_end])


def _lines(data: bytes) -> list[str]:
    """Return lines that are safe to print: what could steer a terminal is escaped."""
    text = data.decode("utf-8", "backslashreplace")
    return ["".join(map(_visible, line.removesuffix("\r"))) for line in text.split("\n")]


def _visible(character: str) -> str:
    if character.isprintable() or character in _PLAIN:
        return character
    return repr(character)[1:-1]
