"""Write the TASKS setting where the Celery settings are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.plan import FileChange
from codemods.engine.site import Kind, Note, Rule, Site
from codemods.engine.source import Source
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame
from codemods.rules.celery.literals import strings_in
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.settings import aliases, apps, eager, found
from codemods.rules.celery.settings.block import Block, statements
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import is_true

TASKS = Rule(
    "CEL501",
    "A TASKS setting is written",
    "It names bridge.CeleryBackend, the Celery app, every queue in use, the aliases file, and in "
    "ON_LOST what CELERY_TASK_ACKS_LATE says. Routes, broker and beat settings stay in force.",
)
BEAT = Rule(
    "CEL505",
    "Beat schedules are kept",
    "Task names do not change, so a schedule still finds its tasks, and beat keeps running.",
)
NO_SETTINGS = Rule(
    "CEL506",
    "No settings module was found",
    "No module under the given paths assigns a list INSTALLED_APPS. Run on the whole project, or "
    "add the printed block to the settings by hand.",
)
KEPT = Rule(
    "CEL507",
    "CELERY_* settings are kept",
    "The broker, the routes and the workers are still Celery's until the backend is switched.",
)
QUEUES = Rule(
    "CEL508",
    "A queue whose name cannot be read",
    "Django refuses queues that TASKS does not list. Add the names by hand.",
)
NO_APP = Rule(
    "CEL509",
    "The Celery app cannot be told",
    'Give it with --celery-app, or write OPTIONS["APP"] by hand.',
)


@dataclass(slots=True)
class Written:
    """What the settings rules want."""

    outcomes: list[Outcome] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: list[FileChange] = field(default_factory=list)


def write_settings(study: Study, settings: found.Settings, converted: set[str]) -> Written:
    """Return the edits of the settings, and what to say about the rest."""
    written = Written()
    names = {legacy: key for key, legacy in sorted(study.aliases.items()) if key in converted}
    queues = {*study.queues, *found.queues(study.project, settings)} - {"default"}
    app = _app(study, settings, written)
    if not settings.bases:
        block = _block(study, None, app, queues, aliases.inline(names) if names else None)
        path = min(study.tasks[key].source.label for key in converted)
        reason = "no settings module under the given paths; add the TASKS block of the report"
        written.sites.append(Site(path, 1, NO_SETTINGS.code, Kind.PERSON, reason))
        block_text = 'add to the settings, with "bridge" in INSTALLED_APPS:\n' + block
        written.notes.append(Note(NO_SETTINGS.code, block_text))
    for base in settings.bases:
        _write_base(study, base, app, queues, names, written)
    for child in settings.children:
        if not _has_tasks(child):
            outcome = eager.override(child)
            if outcome is not None:
                written.outcomes.append(outcome)
    _notes(study, settings, written)
    return written


def _write_base(
    study: Study,
    base: Source,
    app: str | None,
    queues: set[str],
    names: dict[str, str],
    written: Written,
) -> None:
    if _has_tasks(base):
        _existing(base, queues, written)
        _write_aliases(base, names, written)
        return
    expression = _write_aliases(base, names, written)
    anchor = _anchor(base)
    setting = _block(study, base, app, queues, expression)
    installed = apps.install(base)
    if installed is None:
        setting = 'INSTALLED_APPS = [*INSTALLED_APPS, "bridge"]\n\n' + setting
    else:
        written.outcomes.append(installed)
    outcome = Outcome(base, anchor, TASKS.code, Kind.REWRITE, "the TASKS setting is written")
    new = statements(setting)
    outcome.edit(anchor, lambda node: cst.FlattenSentinel([node, *new]))
    written.outcomes.append(outcome)
    nested = eager.eager_binding(base)
    if nested is not None and not _at_top(nested.frame):
        override = eager.override(base)
        if override is not None:
            written.outcomes.append(override)


def _block(
    study: Study,
    base: Source | None,
    app: str | None,
    queues: set[str],
    alias_expression: str | None,
) -> str:
    backend, propagate, on_lost = '"bridge.CeleryBackend"', None, '"fail"'
    width = base.line_length if base is not None else 88
    if base is not None:
        binding = eager.eager_binding(base)
        if binding is not None and binding.value is not None and _at_top(binding.frame):
            if is_true(binding.value):
                backend = '"bridge.ImmediateBackend"'
            elif code(binding.value) != "False":
                backend = f'"bridge.ImmediateBackend" if {binding.name} else {backend}'
            other = eager.propagates(base)
            if (
                backend != '"bridge.CeleryBackend"'
                and other is not None
                and other.value is not None
            ):
                propagate = code(other.value) if is_true(other.value) else other.name
        for name in ("CELERY_TASK_ACKS_LATE", "CELERY_ACKS_LATE"):
            for acks in base.survey.scope.bindings.get(name, ()):
                if acks.value is not None and code(acks.value) != "False":
                    literal = is_true(acks.value)
                    on_lost = '"retry"' if literal else f'"retry" if {name} else "fail"'
    return Block(
        backend=backend,
        queues=("default", *sorted(queues)),
        app=app,
        aliases=alias_expression,
        on_lost=on_lost,
        propagate=propagate,
        width=width,
    ).source()


def _write_aliases(base: Source, names: dict[str, str], written: Written) -> str | None:
    """Plan the aliases file and return the expression that names it."""
    if not names:
        return None
    where = aliases.place(base)
    if where is None:
        return aliases.inline(names)
    expression, path = where
    label = _label(base, path)
    change = aliases.alias_change(path, label, names)
    if change is not None and all(other.path != path for other in written.files):
        written.files.append(change)
        reason = f"{len(names)} custom names are aliases"
        written.sites.append(Site(label, 1, aliases.ALIASES.code, Kind.REWRITE, reason))
    return expression


def _label(base: Source, path: Path) -> str:
    """Return the path the way the label of the settings file is written."""
    depth = len(base.path.parents) - len(path.parents)
    parts = Path(base.label).parts
    own = len(parts) - 1 - depth
    return Path(*parts[:own], path.name).as_posix() if own >= 0 else path.as_posix()


def _has_tasks(source: Source) -> bool:
    return bool(source.survey.scope.bindings.get("TASKS"))


def _existing(base: Source, queues: set[str], written: Written) -> None:
    """Report queues an existing TASKS setting does not list."""
    binding = base.survey.scope.bindings["TASKS"][0]
    listed = set(strings_in(binding.value)) if binding.value is not None else set()
    missing = sorted(queues - listed)
    if missing:
        reason = f"add {', '.join(map(repr, missing))} to QUEUES of the TASKS setting"
        frame = statement_of(binding.frame)
        written.outcomes.append(Outcome(base, frame, QUEUES.code, Kind.PERSON, reason))
    if not any(text.startswith("bridge.") for text in listed):
        reason = "TASKS is set already; name bridge.CeleryBackend in it"
        frame = statement_of(binding.frame)
        written.outcomes.append(Outcome(base, frame, TASKS.code, Kind.PERSON, reason))


def _at_top(frame: Frame) -> bool:
    up = statement_of(frame).up
    return up is not None and isinstance(up.node, cst.Module)


def _anchor(base: Source) -> Frame:
    """Return the statement after which TASKS goes: the last Celery setting, or the last of all."""
    module = base.survey.scope
    celery = [
        statement_of(binding.frame)
        for name, bindings in module.bindings.items()
        if name.startswith(("CELERY_", "BROKER_"))
        for binding in bindings
        if _at_top(binding.frame)
    ]
    body = list(base.tree.body)
    order = {id(node): index for index, node in enumerate(body)}
    nested = eager.eager_binding(base)
    limit = len(body) - 1
    if nested is not None and not _at_top(nested.frame):
        top = next(f for f in nested.frame.ancestors() if id(f.node) in order)
        limit = order[id(top.node)] - 1
    at = max((order[id(frame.node)] for frame in celery), default=len(body) - 1)
    root = module.bindings["INSTALLED_APPS"][0].frame
    up = list(root.ancestors())[-1]
    return Frame(body[min(at, limit)], up, module)


def _app(study: Study, settings: found.Settings, written: Written) -> str | None:
    """Return the dotted path of the Celery app."""
    candidates = [
        name
        for name in study.census.apps
        if name == study.census.named_app or not _in_tests(study, name)
    ]
    if study.census.named_app is not None:
        return study.census.named_app
    if len(candidates) > 1:
        tops = {base.name.partition(".")[0] for base in settings.bases}
        near = [name for name in candidates if name.partition(".")[0] in tops]
        candidates = near or candidates
    if len(candidates) == 1:
        return candidates[0]
    if not settings.bases:
        return None
    what = "several Celery apps" if candidates else "no Celery app"
    where = settings.bases[0].label
    reason = f'{what} found; name the app in OPTIONS["APP"], or run with --celery-app'
    written.sites.append(Site(where, 1, NO_APP.code, Kind.PERSON, reason))
    return None


def _in_tests(study: Study, name: str) -> bool:
    source = study.project.modules.get(name.rpartition(".")[0])
    return source is not None and source.is_test


def _notes(study: Study, settings: found.Settings, written: Written) -> None:
    entries = found.beat_entries(study.project)
    if entries:
        count = f"{len(entries)} beat schedule entr{'y' if len(entries) == 1 else 'ies'}"
        written.notes.append(Note(BEAT.code, f"{count}: task names did not change"))
    names = settings.celery_names()
    if names:
        written.notes.append(Note(KEPT.code, f"settings still in force: {', '.join(names)}"))
    limits = {"CELERY_TASK_TIME_LIMIT", "CELERY_TASK_SOFT_TIME_LIMIT"} & set(names)
    if limits:
        written.notes.append(
            Note(
                "CEL306",
                f"{', '.join(sorted(limits))} holds for Celery workers only; give tasks timeout= "
                "or hard_timeout= before DatabaseBackend runs them",
            )
        )
    for place in dict.fromkeys(study.unknown_queues):
        written.notes.append(
            Note(QUEUES.code, f"queue name of {place} cannot be read; add it to QUEUES")
        )
