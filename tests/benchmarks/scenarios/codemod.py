"""The rewriting command, which has no peer but the parser it uses."""

from __future__ import annotations

from .. import codemod
from ..peers import OURS
from ..records import Record
from ..run import Run

QUESTION = "The codemod on the shop: seconds to plan it all, and how many times parsing it once"
COLUMNS = ("seconds", "parses")


def play(run: Run) -> None:
    """Measure ours."""
    (_, parse), (_, plan) = codemod.measure()
    metrics = {"seconds": plan, "parses": plan / parse}
    run.records.append(Record("codemod", "shop", OURS.name, 0, metrics))
