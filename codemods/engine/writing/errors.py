"""What can go wrong between a plan and the disk."""

from __future__ import annotations

from collections.abc import Sequence


class WriteFailed(Exception):
    """Files could not be written or put back; the message says how they are now."""


class Unfinished(WriteFailed):
    """An earlier run was killed while it wrote."""

    def __init__(self, run: str, home: str) -> None:
        super().__init__(
            f"run {run} did not finish writing the files below {home}. Give --undo to put them "
            "back as they were, or --keep to leave them as they are."
        )


class Edited(WriteFailed):
    """Files changed after a run wrote them."""

    def __init__(self, run: str, names: Sequence[str]) -> None:
        listed = "".join(f"\n  {name}" for name in names)
        super().__init__(
            f"run {run} cannot be undone, these files were edited since:{listed}\n"
            "Nothing was changed. Give --force to put them back all the same; a copy of what "
            "they are now is kept in .codemods."
        )
