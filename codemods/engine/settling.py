"""What happens once rules and people have spoken: which tasks stay, and what goes with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from codemods.engine.deciding import decline, sorted_out, staying
from codemods.engine.outcome import Outcome
from codemods.engine.places import Places
from codemods.engine.plan import Choice, FileChange
from codemods.engine.site import Note, Site


@dataclass(slots=True)
class Written:
    """What the settings rules want."""

    outcomes: list[Outcome] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: list[FileChange] = field(default_factory=list)


@dataclass(slots=True)
class Settled:
    """What is wanted of the settings besides edits of their modules."""

    sites: list[Site] = field(default_factory=list)
    declined: list[Site] = field(default_factory=list)
    files: list[FileChange] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decided:
    """What happens once it is known which tasks stay."""

    stays: dict[str, Outcome]
    active: list[Outcome]
    kept: list[Outcome]
    settings: Settled


class Judged(Protocol):
    """What the rules have found."""

    outcomes: list[Outcome]
    groups: list[frozenset[str]]
    stays: dict[str, Outcome]

    @property
    def tasks(self) -> Mapping[str, object]:
        """Return every task by module path."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """How a library's settings are written, and what is said of its tasks that stay."""

    write: Callable[[set[str]], Written]
    """Given the tasks that are converted."""
    findings: Callable[[dict[str, Outcome]], Sequence[Outcome]]
    tasks_code: str
    aliases_code: str
    """The rules that write TASKS, and the file it names."""

    def decide(self, study: Judged, places: Places, choice: Choice) -> Decided:
        """Decide what stays: what a rule blocks, what a person declines, and all that hangs on it.

        A declined outcome keeps its tasks as a blocking one does, so that none is half converted;
        a setting that concerns no task only loses its edits.
        """
        decline(study.outcomes, places, choice)
        while True:
            stays = staying(study.outcomes, study.groups)
            study.stays = dict(stays)
            converted = study.tasks.keys() - stays.keys()
            written = self.write(converted) if converted else Written()
            decline(written.outcomes, places, choice)
            settled = self._settle(written, places, choice)
            active, kept = sorted_out([*study.outcomes, *written.outcomes], stays)
            late = [each for each in kept if each.declined and each.tasks - stays.keys()]
            if not late:
                break
            study.outcomes.extend(late)
        findings = self.findings(stays)
        places.locate(findings)
        return Decided(stays, [*active, *findings], kept, settled)

    def _settle(self, written: Written, places: Places, choice: Choice) -> Settled:
        """Take away the sites of the settings nobody wants, and the files with them.

        TASKS names the aliases file: neither is written without the other.
        """
        settled = Settled(notes=written.notes)
        tasks = [outcome for outcome in written.outcomes if outcome.code == self.tasks_code]
        without_tasks = bool(tasks) and all(outcome.declined for outcome in tasks)
        for site in map(places.complete, written.sites):
            declined = choice.declines(site.code, site.id)
            if site.code == self.aliases_code:
                for outcome in tasks if declined else ():
                    outcome.declined = True
                declined = declined or without_tasks
            (settled.declined if declined else settled.sites).append(
                replace(site, declined=declined)
            )
        gone = {site.path for site in settled.declined} - {site.path for site in settled.sites}
        settled.files = [file for file in written.files if file.label not in gone]
        return settled
