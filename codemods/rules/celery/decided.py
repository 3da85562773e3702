"""What happens once rules and people have spoken: which tasks stay, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from codemods.engine.plan import Choice, FileChange
from codemods.engine.site import Note, Site
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.settings.aliases import ALIASES
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.settings.write import TASKS, Written, write_settings
from codemods.rules.celery.sites import Places
from codemods.rules.celery.study import Study
from codemods.rules.celery.verdict import decide, definition_findings


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


def decide_all(study: Study, celery: CelerySettings, places: Places, choice: Choice) -> Decided:
    """Decide what stays: what a rule blocks, what a person declines, and all that hangs on it.

    A declined outcome keeps its tasks as a blocking one does, so that none is half converted; a
    setting that concerns no task only loses its edits.
    """
    _decline(study.outcomes, places, choice)
    while True:
        stays = decide(study)
        study.stays = dict(stays)
        converted = study.tasks.keys() - stays.keys()
        written = write_settings(study, celery, converted) if converted else Written()
        _decline(written.outcomes, places, choice)
        settled = _settle(written, places, choice)
        active, kept = _sorted_out([*study.outcomes, *written.outcomes], stays)
        late = [outcome for outcome in kept if outcome.declined and outcome.tasks - stays.keys()]
        if not late:
            break
        study.outcomes.extend(late)
    findings = definition_findings(study, stays)
    places.locate(findings)
    return Decided(stays, [*active, *findings], kept, settled)


def _decline(outcomes: Iterable[Outcome], places: Places, choice: Choice) -> None:
    """Give outcomes their ids, and mark those that nobody wants."""
    found = list(outcomes)
    places.locate(found)
    for outcome in found:
        if choice.declines(outcome.code, outcome.id):
            outcome.declined = True
            outcome.blocks = outcome.blocks or bool(outcome.tasks)
        if outcome.otherwise:
            _decline(outcome.otherwise, places, choice)


def _sorted_out(
    outcomes: list[Outcome], stays: dict[str, Outcome]
) -> tuple[list[Outcome], list[Outcome]]:
    """Return the outcomes that hold, and those whose place stays as it is."""
    active, kept = [], []
    for outcome in outcomes:
        if outcome.declined or (outcome.any_of and outcome.any_of <= stays.keys()):
            kept.append(outcome)
        elif outcome.blocks or not outcome.tasks & stays.keys():
            active.append(outcome)
        elif outcome.mixed and not outcome.tasks <= stays.keys():
            active.append(outcome.for_person(outcome.mixed))
        elif outcome.otherwise:
            instead, still = _sorted_out(outcome.otherwise, stays)
            active.extend(instead)
            kept.extend(still)
        else:
            kept.append(outcome)
    return active, kept


def _settle(written: Written, places: Places, choice: Choice) -> Settled:
    """Take away the sites of the settings nobody wants, and the files with them.

    TASKS names the aliases file: neither is written without the other.
    """
    settled = Settled(notes=written.notes)
    tasks = [outcome for outcome in written.outcomes if outcome.code == TASKS.code]
    without_tasks = bool(tasks) and all(outcome.declined for outcome in tasks)
    for site in map(places.complete, written.sites):
        declined = choice.declines(site.code, site.id)
        if site.code == ALIASES.code:
            for outcome in tasks if declined else ():
                outcome.declined = True
            declined = declined or without_tasks
        (settled.declined if declined else settled.sites).append(replace(site, declined=declined))
    gone = {site.path for site in settled.declined} - {site.path for site in settled.sites}
    settled.files = [file for file in written.files if file.label not in gone]
    return settled
