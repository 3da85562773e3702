"""Write the TASKS setting where the Celery settings are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from codemods.engine.literals import is_false, is_true, string, text
from codemods.engine.outcome import Outcome
from codemods.engine.settings import aliases
from codemods.engine.settings.block import Block, statements
from codemods.engine.settings.existing import without_aliases
from codemods.engine.settings.homes import Home, Settings
from codemods.engine.settling import Written
from codemods.engine.site import Kind, Note, Rule, Site
from codemods.engine.tree import Frame
from codemods.rules.celery.schedules.write import plan_schedules, sent_to
from codemods.rules.celery.settings import apps, backends, eager, existing, found
from codemods.rules.celery.settings.aliases import ALIASES
from codemods.rules.celery.settings.anchors import anchor
from codemods.rules.celery.settings.app import find_app
from codemods.rules.celery.settings.comments import comment_settings
from codemods.rules.celery.settings.taskq import is_all_taskq, leave_queue
from codemods.rules.celery.settings.tell import notes
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.study import Study

TASKS = Rule(
    "CEL501",
    "A TASKS setting is written",
    "It names bridge.CeleryBackend, the Celery app, every queue in use, the aliases file, and in "
    "ON_LOST what CELERY_TASK_ACKS_LATE says. TYPED_JSON lets calls go on passing dates, decimals "
    "and UUIDs. Routes, broker and beat settings stay in force. "
    "With --target django it names Django's immediate backend and the queues.",
)
NO_SETTINGS = Rule(
    "CEL506",
    "No settings module was found",
    "No module or class under the given paths assigns INSTALLED_APPS. Run on the whole project, "
    "or add the printed block to the settings by hand.",
)
NO_WORKER = Rule(
    "CEL512",
    "Django has no backend with a worker",
    "django.tasks comes with a backend that runs tasks at once and one that drops them. Name the "
    "one you use in BACKEND; without --target django this codemod names bridge.CeleryBackend.",
)
_SETTING = re.compile(r"settings\.([A-Z][A-Z0-9_]*)\Z")


@dataclass(slots=True)
class Facts:
    """What every TASKS of the project says."""

    target: str
    app: str | None
    queues: set[str]
    unknown: list[str]
    """Places with a queue whose name cannot be read."""
    names: dict[str, str]
    celery: CelerySettings
    is_taskq: bool = False
    """Is there no Celery behind Celery's words?"""

    @property
    def listed(self) -> tuple[str, ...]:
        """Return the queues to list, none where one of them is not known."""
        return () if self.unknown else ("default", *sorted(self.queues))


def write_settings(study: Study, celery: CelerySettings, converted: set[str]) -> Written:
    """Return the edits of the settings, and what to say about the rest."""
    written, settings = Written(), celery.django
    facts = _facts(study, settings, celery, converted, written)
    if not settings.bases:
        _without_settings(study, facts, converted, written)
    for base in settings.bases:
        _write_base(base, facts, settings, written)
    for child in settings.children:
        if not child.own("TASKS"):
            written.outcomes.extend(eager.overrides(child, settings, facts.target))
    written.outcomes.extend(comment_settings(celery, facts.target))
    written.notes.extend(notes(celery, facts.unknown, facts.target))
    sites, said, files = plan_schedules(study, celery)
    written.sites.extend(sites)
    written.notes.extend(said)
    written.files.extend(files)
    return written


def _facts(
    study: Study,
    settings: Settings,
    celery: CelerySettings,
    converted: set[str],
    written: Written,
) -> Facts:
    names = {legacy: key for key, legacy in sorted(study.aliases.items()) if key in converted}
    queues = {*study.queues, *found.queues(study.project, celery), *sent_to(study, celery)}
    unknown = []
    for place in study.unknown_queues:
        name = _of_settings(place, settings)
        if name is None:
            unknown.append(place)
        else:
            queues.add(name)
    app, site = find_app(study, settings)
    if site is not None and study.target == "bridge":
        written.sites.append(site)
    taskq = study.target == "bridge" and is_all_taskq(study)
    return Facts(study.target, app, queues - {"default"}, unknown, names, celery, taskq)


def _of_settings(place: str, settings: Settings) -> str | None:
    """Return the queue that `settings.X` names, when the settings write it out once."""
    match = _SETTING.search(place)
    if match is None:
        return None
    values = [string(b.value) for home in settings.homes for b in home.own(match.group(1))]
    return values[0] if len(set(values)) == 1 else None


def _without_settings(study: Study, facts: Facts, converted: set[str], written: Written) -> None:
    block = _block(None, facts, aliases.inline(facts.names) if facts.names else None)
    path = min(study.tasks[key].source.label for key in converted)
    reason = "no settings module under the given paths; add the TASKS block of the report"
    written.sites.append(Site(path, 1, NO_SETTINGS.code, Kind.PERSON, reason))
    also = ', with "bridge" in INSTALLED_APPS' if facts.target == "bridge" else ""
    written.notes.append(Note(NO_SETTINGS.code, f"add to the settings{also}:\n{block}"))


def _write_base(base: Home, facts: Facts, settings: Settings, written: Written) -> None:
    if base.own("TASKS"):
        written.outcomes.extend(existing.extend(base, facts.queues, facts.target))
        expression = _write_aliases(base, facts.names, written)
        written.outcomes.extend(without_aliases(base, expression, existing.ELSEWHERE.code))
        return
    expression = _write_aliases(base, facts.names, written) if facts.target == "bridge" else None
    setting = _block(base, facts, expression)
    place = anchor(base)
    outcome = Outcome(base.source, place, TASKS.code, Kind.REWRITE, "the TASKS setting is written")
    if facts.target == "django" and not base.source.is_test:
        reason = "name the backend that runs your tasks; Django's own runs them at once"
        person = Outcome(base.source, place, NO_WORKER.code, Kind.PERSON, reason)
        written.outcomes.append(person)
    new = statements(setting)
    outcome.edit(place, lambda node: cst.FlattenSentinel([node, *new]))
    written.outcomes.append(outcome)
    written.outcomes.extend(_space_below(base, place.node))
    if facts.is_taskq:
        written.outcomes.append(leave_queue(base))
    if facts.target == "bridge":
        written.outcomes.append(apps.install(base))
    written.outcomes.extend(eager.overrides(base, settings, facts.target))


def _space_below(base: Home, node: cst.CSTNode) -> Iterator[Outcome]:
    """Yield the edit that parts the new setting from the statement below it."""
    body = base.body
    below = next((new for old, new in pairwise(body) if old is node), None)
    if below is None or getattr(below, "leading_lines", None):
        return
    outcome = Outcome(
        base.source, Frame(below, base.place, base.scope), TASKS.code, Kind.REWRITE, ""
    )
    outcome.counted = False
    empty = cst.EmptyLine(indent=False)
    outcome.edit(outcome.frame, lambda node: node.with_changes(leading_lines=[empty]))
    yield outcome


def _block(base: Home | None, facts: Facts, alias_expression: str | None) -> str:
    backend = eager.backend(base, facts.target) if base else backends.usual(facts.target)
    if facts.is_taskq:
        backend = backends.DATABASE
    options = {}
    if facts.target == "bridge":
        if facts.app is not None:
            options["APP"] = text(facts.app).value
        if alias_expression is not None:
            options["ALIASES"] = alias_expression
        options["ON_LOST"] = _on_lost(base, facts.celery)
        # Nobody can see from here what every call passes, and Celery's JSON carries dates too.
        options["TYPED_JSON"] = "True"
        raising = eager.propagate(base) if base is not None else None
        if raising is not None and "ImmediateBackend" in backend:
            options["PROPAGATE"] = raising
    width = base.source.line_length if base is not None else 88
    return Block(backend=backend, queues=facts.listed, options=options, width=width).source()


def _on_lost(base: Home | None, celery: CelerySettings) -> str:
    """Return what Celery's way to acknowledge means for a task whose worker died."""
    own = eager.plain(base, "task_acks_late") if base is not None else None
    if base is not None and own is not None and own[1].value is not None:
        value = eager.spelled(base, own)
        return {"True": '"retry"', "False": '"fail"'}.get(value, f'"retry" if {value} else "fail"')
    said = [value.node for value in celery.named("task_acks_late") if not value.is_test]
    late = any(node is not None and not is_false(node) and is_true(node) for node in said)
    return '"retry"' if late else '"fail"'


def _write_aliases(base: Home, names: dict[str, str], written: Written) -> str | None:
    """Plan the aliases file and return the expression that names it."""
    if not names:
        return None
    where = aliases.place(base)
    if where is None:
        return aliases.inline(names)
    expression, path = where
    label = aliases.label_beside(base.source, path)
    change = aliases.alias_change(path, label, names, "Celery")
    if change is not None and all(other.path != path for other in written.files):
        written.files.append(change)
        reason = f"{len(names)} custom names are aliases"
        written.sites.append(Site(label, 1, ALIASES.code, Kind.REWRITE, reason))
    return expression
