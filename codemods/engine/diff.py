"""A unified diff of a plan that `git apply` and `patch -p1` take, byte for byte."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from codemods.engine.plan import FileChange

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def unified_diff(changes: Iterable[FileChange]) -> Iterator[bytes]:
    """Yield the lines of the diff, line endings included."""
    for change in changes:
        if change.before == change.after:
            continue
        old = f"a/{change.label}".encode()
        new = f"b/{change.label}".encode()
        before = _lines(change.before or b"")
        after = _lines(change.after)
        if change.before is None:
            yield b"diff --git %s %s\nnew file mode 100644\n" % (old, new)
            old = b"/dev/null"
        for line in difflib.diff_bytes(difflib.unified_diff, before, after, old, new):
            if line.endswith(b"\n"):
                yield line
            else:
                yield line + _NO_NEWLINE


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only: a carriage return or form feed belongs to its line."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])
