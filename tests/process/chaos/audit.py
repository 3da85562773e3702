"""Compare the ledger with what really happened. Pure: rows and records in, problems out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.process.chaos.calls import RETRY_DELAY, Call
from tests.process.chaos.journal import ENDED, RAISED, STARTED, Record

Row = dict[str, Any]
"""A row of the ledger; `enqueued` is its enqueued_at in seconds of time.monotonic()."""

LOST = "bridge.exceptions.WorkerLost"
FINAL = {"SUCCESSFUL", "FAILED"}
CLOCK_READING = 0.1
"""Seconds between two readings of one clock that belong to one moment."""


@dataclass(slots=True)
class Story:
    """One call, its row and what its body did, attempt by attempt."""

    call: Call
    row: Row
    records: list[Record]

    def attempts(self, moment: str) -> list[int]:
        """Return the numbers of the attempts that came to this moment, in order of time."""
        return [record.attempt for record in self.records if record.moment == moment]

    @property
    def attempts_lost(self) -> list[int]:
        """Return the numbers of the attempts that the ledger says died."""
        errors = enumerate(self.row["errors"], 1)
        return [number for number, error in errors if error["exception_class_path"] == LOST]


@dataclass(slots=True)
class Audit:
    """Every check on every story; `killed` are the processes that did die."""

    calls: Sequence[Call]
    rows: Sequence[Row]
    records: Sequence[Record]
    killed: set[int] = field(default_factory=set)
    max_losses: int = 3
    stories: list[Story] = field(init=False)
    problems: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        rows: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows:
            rows[row["args"][0]].append(row)
        records: dict[int, list[Record]] = defaultdict(list)
        for record in sorted(self.records, key=lambda record: record.at):
            records[record.key].append(record)
        self.stories = []
        for call in self.calls:
            if len(rows[call.key]) == 1:
                self.stories.append(Story(call, rows[call.key][0], records[call.key]))
            else:
                self.problems.append(f"{call} has {len(rows[call.key])} rows instead of 1")
        if len(self.rows) > len(self.calls):
            self.problems.append(f"{len(self.rows)} rows for {len(self.calls)} calls")
        for story in self.stories:
            if wrong := list(self._wrong(story)):
                self.problems.append("\n".join([*wrong, _show(story)]))

    def _wrong(self, story: Story) -> Iterable[str]:
        row = story.row
        if row["status"] not in FINAL:
            yield f"not final but {row['status']}"
            return
        yield from self._wrong_columns(row)
        yield from self._wrong_attempts(story)
        yield from self._wrong_runs(story)
        yield from _wrong_times(story)
        yield from (
            _wrong_success(story) if row["status"] == "SUCCESSFUL" else self._wrong_failure(story)
        )

    def _wrong_columns(self, row: Row) -> Iterable[str]:
        for name in ("worker", "wake_at"):
            if row.get(name) is not None:
                yield f"final, yet {name} is {row[name]!r}"
        for name in ("started_at", "last_attempted_at", "finished_at"):
            if row[name] is None:
                yield f"final, yet {name} is NULL"
                return
        times = [_time(row[name]) for name in ("started_at", "last_attempted_at", "finished_at")]
        if times != sorted(times):
            yield "started_at, last_attempted_at and finished_at are not in order"

    def _wrong_attempts(self, story: Story) -> Iterable[str]:
        row = story.row
        attempts = len(row["worker_ids"])
        succeeded = row["status"] == "SUCCESSFUL"
        if attempts != len(row["errors"]) + succeeded:
            yield f"{attempts} attempts do not match {len(row['errors'])} errors"
        if row["losses"] != len(story.attempts_lost):
            yield f"losses is {row['losses']} with {len(story.attempts_lost)} WorkerLost errors"
        started = set(story.attempts(STARTED))
        if not attempts - row["losses"] <= len(started) <= attempts:
            yield f"{len(started)} attempts started; the row has {attempts}, {row['losses']} lost"
        for number in story.attempts_lost:
            pid = int(row["worker_ids"][number - 1].rpartition(":")[2])
            if pid not in self.killed:
                yield f"attempt {number} is lost, and its process {pid} was not killed"
        for number in range(1, len(row["errors"]) + 1):
            if number not in story.attempts_lost and number not in story.attempts(RAISED):
                yield f"attempt {number} has an error that its body did not raise"

    def _wrong_runs(self, story: Story) -> Iterable[str]:
        started = story.attempts(STARTED)
        if story.call.at_most_once and len(started) != len(set(started)):
            yield "an attempt of an at-most-once task ran twice"
        if story.call.at_most_once and len(started) > story.call.failures + 1:
            yield f"an at-most-once task started {len(started)} times"
        if not story.call.at_most_once and not started:
            yield "an at-least-once task never ran"

    def _wrong_failure(self, story: Story) -> Iterable[str]:
        row = story.row
        if not row["errors"]:
            yield "FAILED without an error"
        elif row["errors"][-1]["exception_class_path"] == LOST:
            if not story.call.at_most_once and row["losses"] < self.max_losses:
                yield f"FAILED as lost after {row['losses']} of {self.max_losses} losses"
        elif row["errors"][-1]["exception_class_path"] != story.call.error:
            yield "FAILED with an error that its body did not raise"
        if row["return_value"] is not None:
            yield "FAILED with a return value"


def _wrong_success(story: Story) -> Iterable[str]:
    row = story.row
    last = len(row["worker_ids"])
    if story.call.error:
        yield "SUCCESSFUL, yet its body always raises"
    if row["return_value"] != [story.call.key, last]:
        yield f"return value is {row['return_value']!r} instead of {[story.call.key, last]!r}"
    if last not in story.attempts(ENDED):
        yield f"SUCCESSFUL, yet attempt {last} did not come to its end"


def _wrong_times(story: Story) -> Iterable[str]:
    starts = [record for record in story.records if record.moment == STARTED]
    for raised in (record for record in story.records if record.moment == RAISED):
        following = [start for start in starts if start.attempt == raised.attempt + 1]
        if following and following[0].at < raised.at + RETRY_DELAY - 0.01:
            yield f"attempt {raised.attempt + 1} started {following[0].at - raised.at:.2f} s later"
    if story.call.defer and starts:
        waited = starts[0].at - story.row["enqueued"]
        if waited < story.call.defer - CLOCK_READING:
            yield f"deferred by {story.call.defer:.2f} s and started after {waited:.2f} s"


def _show(story: Story) -> str:
    row = {name: value for name, value in story.row.items() if name != "errors"}
    errors = [error["traceback"].strip().splitlines()[-1] for error in story.row["errors"]]
    moments = [f"{r.moment}{r.attempt}@{r.at:.2f} pid {r.pid}" for r in story.records]
    return f"    {story.call}\n    {row}\n    errors {errors}\n    journal {moments}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
