"""What a thread that runs tasks does."""

from __future__ import annotations

from bridge.backends.ledger import LedgerBackend
from bridge.execution import is_coroutine
from bridge.outcome import Failed, Outcome
from bridge.result import AnyResult
from bridge.worker.fatal import ending_the_process
from bridge.worker.floor import Floor
from bridge.worker.held import Held
from bridge.worker.last_words import pack
from bridge.worker.loop import Loop
from bridge.worker.marks import Marks
from bridge.worker.persistence import refresh_connections
from bridge.worker.runner import arun, begin, run


class Executor:
    """Runs the tasks of one child process: functions where it is called, coroutines on the loop."""

    def __init__(self, backend: LedgerBackend, floor: Floor, marks: Marks) -> None:
        self._backend = backend
        self._floor = floor
        self._marks = marks
        self._loop = Loop()

    def work(self) -> None:
        """Run tasks until there are no more; any number of threads may do this."""
        with ending_the_process():
            self._work()

    def _work(self) -> None:
        while (held := self._floor.take()) is not None:
            refresh_connections()
            if held.is_late:
                self._floor.end(held)
                continue
            held.begin()
            started = begin(self._backend, held.row, self._marks, held.slot)
            if isinstance(started, Failed):
                self._end(held, started)
            elif is_coroutine(started.task):
                self._loop.run(self._await(held, started, alone=self._loop.is_idle))
            else:
                outcome, held.stored = run(self._backend, held.row, started)
                self._end(held, outcome)

    async def _await(self, held: Held, result: AnyResult, *, alone: bool) -> None:
        with ending_the_process():
            self._end(held, await arun(self._backend, held.row, result, alone=alone))

    def _end(self, held: Held, outcome: Outcome) -> None:
        held.end(outcome)
        self._marks.end(held.slot, pack(outcome))
        self._floor.end(held)
