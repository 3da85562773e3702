"""Put a plan on disk, all of it or nothing, and take it back."""

from codemods.engine.writing.errors import Edited, Unfinished, WriteFailed
from codemods.engine.writing.journal import Journal, State
from codemods.engine.writing.journals import Journals, home_of
from codemods.engine.writing.undo import undo
from codemods.engine.writing.write import write

__all__ = [
    "Edited",
    "Journal",
    "Journals",
    "State",
    "Unfinished",
    "WriteFailed",
    "home_of",
    "undo",
    "write",
]
