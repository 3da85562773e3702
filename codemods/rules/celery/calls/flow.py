"""Tasks in variables, containers, attributes and arguments, followed to where they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.climb import (
    NOWHERE,
    Bound,
    Default,
    Lost,
    Passed,
    Returned,
    Sent,
    Step,
    climb,
    read,
)
from codemods.rules.celery.calls.delay import outcome_of
from codemods.rules.celery.calls.direct import VALUE
from codemods.rules.celery.calls.holder import Holder, Path, Reached
from codemods.rules.celery.calls.holders import Holders
from codemods.rules.celery.calls.known import Known
from codemods.rules.celery.calls.stores import problem_of, reads
from codemods.rules.celery.names import SEND
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.testing.patch_object import named_method, patch_object

SENDING = SEND | {"name", "__name__", "s", "si", "signature", "subtask"}
_DEPTH = 4
Judge = Callable[[Study, Use], Outcome | None]


@dataclass(slots=True, eq=False)
class Stream:
    """Tasks that can meet in one place, and every place they get to."""

    uses: list[Use] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    sent: dict[int, tuple[Source, Chain, tuple[str, ...]]] = field(default_factory=dict)
    problem: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """Return the tasks."""
        return frozenset(use.task.key for use in self.uses)

    def take(self, other: Stream) -> None:
        """Add all of another stream."""
        self.uses.extend(other.uses)
        self.holders.extend(other.holders)
        self.sent.update(other.sent)
        self.problem = self.problem or other.problem


class Flows:
    """Where tasks go."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.followed: set[int] = set()
        """Ids of the nodes that send what was followed."""
        self._reset()

    def _reset(self) -> None:
        self.passed: set[int] = set()
        self.holders = Holders(self.study)
        self.streams: dict[int, Stream] = {}
        self.returned: set[tuple[int, Path]] = set()

    def collect(self) -> set[str]:
        """Follow every task that is not just called, and return the paths others may use."""
        self._reset()
        for uses in list(self.study.uses.values()):
            for use in uses:
                if not use.rest and named_method(use) is None:
                    stream = self.streams[id(use)] = Stream([use])
                    self._follow(stream, use.source, use.chain.frame, ())
        return {holder.dotted for holder in self.holders.found.values() if holder.dotted}

    def judge(self, judge: Judge) -> None:
        """Judge what is sent from each stream; a stream with a problem keeps its tasks."""
        known = Known(self.study, self.passed)
        for stream in {id(each): each for each in self.streams.values()}.values():
            for holder in stream.holders:
                stream.problem = stream.problem or problem_of(self.holders, holder, known)
            self.followed.update(stream.sent)
            if stream.problem or not stream.sent:
                continue
            self._judge(stream, judge)

    def _judge(self, stream: Stream, judge: Judge) -> None:
        outcomes = []
        for source, chain, rest in stream.sent.values():
            use = Use(stream.uses[0].task, source, chain, rest)
            if len(use.rest) == 1:
                self.study.used[id(chain.frame.node)] = use
            outcome = judge(self.study, use)
            if outcome is None:
                continue
            if outcome.blocks:
                stream.problem = outcome.reason
                return
            outcomes.append(outcome)
        for outcome in outcomes:
            outcome.tasks |= stream.keys
            self.study.outcomes.append(outcome)
        options = self.study.with_options
        for key in stream.keys:
            options[key] |= options[stream.uses[0].task.key]
        self.study.groups.append(stream.keys)

    def stored(self, use: Use) -> Outcome | None:
        """Judge a task that is not just called."""
        patched = patch_object(self.study, use)
        if patched is not None:
            return patched
        stream = self.streams.get(id(use))
        if stream is None or not stream.problem:
            return None
        outcome = outcome_of(use, VALUE.code, stream.problem, Kind.PERSON)
        outcome.blocks = not use.source.is_test
        outcome.counted = outcome.blocks or stream.problem != NOWHERE
        return outcome

    # Following

    def _follow(self, stream: Stream, source: Source, frame: Frame, path: Path) -> None:
        """Follow a value outwards, to every holder it gets to."""
        todo: list[Step] = [Reached(frame, path)]
        seen: set[tuple[int, Path]] = set()
        while todo:
            step = todo.pop()
            if not isinstance(step, Reached):
                todo.extend(self._arrive(stream, source, step))
                continue
            key = (id(step.frame.node), step.path)
            if key not in seen and len(step.path) <= _DEPTH:
                seen.add(key)
                self.passed.add(id(step.frame.node))
                todo.extend(climb(step.frame, step.path))

    def _arrive(self, stream: Stream, source: Source, step: Step) -> Iterator[Step]:
        found: list[Holder | str] = []
        if isinstance(step, Sent):
            self._sent(stream, source, step.chain, step.rest)
        elif isinstance(step, Lost):
            found = [step.reason]
        elif isinstance(step, Bound):
            found = self.holders.bound(source, step)
        elif isinstance(step, Default):
            found = [self.holders.default(source, step)]
        elif isinstance(step, Passed):
            goal = self.holders.passed(source, step)
            if isinstance(goal, Reached):
                yield goal
            elif goal:
                found = [goal]
        elif isinstance(step, Returned):
            calls = self.holders.calls_of(source, step.frame)
            found = [NOWHERE] if calls is None else []
            for caller, call in calls or ():
                if (id(call.node), step.path) not in self.returned:
                    self.returned.add((id(call.node), step.path))
                    self._follow(stream, caller, call, step.path)
        for each in found:
            if isinstance(each, Holder):
                self._into(stream, each)
            elif not source.is_test:
                stream.problem = stream.problem or each

    def _into(self, stream: Stream, holder: Holder) -> None:
        """Join a holder to a stream, and follow what is read from it."""
        known = self.streams.get(id(holder))
        if known is stream:
            return
        if known is not None:
            stream.take(known)
            for key, each in list(self.streams.items()):
                if each is known:
                    self.streams[key] = stream
            return
        self.streams[id(holder)] = stream
        stream.holders.append(holder)
        for source, chain, rest in reads(self.holders, holder):
            if not rest:
                self._follow(stream, source, chain.frame, holder.path)
                continue
            for step in read(chain, rest, holder.path):
                if isinstance(step, Reached):
                    self._follow(stream, source, step.frame, step.path)
                else:
                    list(self._arrive(stream, source, step))

    def _sent(self, stream: Stream, source: Source, chain: Chain, rest: tuple[str, ...]) -> None:
        if rest[0] in SENDING:
            stream.sent[id(chain.frame.node)] = (source, chain, rest)
        elif not source.is_test:
            stream.problem = stream.problem or f".{rest[0]} of a task that is passed on is used"
