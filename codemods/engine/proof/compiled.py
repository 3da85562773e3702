"""A changed file compiles when it did before."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

from codemods.engine.plan import FileChange
from codemods.engine.proof.doubt import Doubt


def not_compiling(changes: Iterable[FileChange], skipped: list[str]) -> Iterator[Doubt]:
    """Yield a doubt for each file that compiled and would not any more.

    The files that this Python did not compile before are added to `skipped`.
    """
    for change in changes:
        if change.before is not None and _error(change.before, change.label) is not None:
            skipped.append(change.label)
        elif error := _error(change.after, change.label):
            line = getattr(error, "lineno", None) or 1
            yield Doubt(change.label, line, f"it would not compile: {error}")


def _error(data: bytes, label: str) -> Exception | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, label, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
    return None
