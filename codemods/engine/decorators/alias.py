"""A decorator the project made of a library's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.engine.decorators.given import Options
from codemods.engine.scope import Binding
from codemods.engine.source import Source


class Uses(StrEnum):
    """How a decorator the project made has to be written above a function."""

    BARE = "bare"
    CALLED = "called"
    EITHER = "either"


@dataclass(slots=True, eq=False)
class Alias:
    """A decorator the project made: `critical_task = shared_task(acks_late=True)`."""

    key: str
    source: Source
    binding: Binding
    options: Options
    uses: Uses = Uses.BARE

    def misused(self, call: cst.CSTNode | None) -> str:
        """Say what is wrong with its use above a function, called there or not."""
        name = self.key.rpartition(".")[2]
        if isinstance(call, cst.Call):
            if self.uses is Uses.BARE:
                return f"{name} is called again where it is used"
            if call.args:
                return f"{name} is given more options where it is used; write them all there"
        elif self.uses is Uses.CALLED:
            return f"{name} is not called where it is used"
        return ""
