"""Write the TASKS setting where the Huey settings are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from codemods.engine.literals import text
from codemods.engine.outcome import Outcome
from codemods.engine.settings import aliases, apps
from codemods.engine.settings.block import Block, statements
from codemods.engine.settings.existing import missing_queues, strings_of, without_aliases
from codemods.engine.settings.homes import APPS, Home, Settings
from codemods.engine.settling import Written
from codemods.engine.site import Kind, Note, Rule, Site
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame
from codemods.rules.huey.schedules.write import plan_schedules
from codemods.rules.huey.settings import mode
from codemods.rules.huey.study import Study

TASKS = Rule(
    "HUE501",
    "A TASKS setting is written",
    "It names bridge.HueyBackend, every queue in use, the Huey objects the code makes and their "
    "queues, and the aliases file. ON_LOST is fail: Huey does not run a task again whose worker "
    "died. TYPED_JSON lets calls go on passing dates, decimals and UUIDs. HUEY and DJANGO_HUEY "
    "stay, for the consumer.",
)
INSTALLED = Rule(
    "HUE502",
    '"bridge" is added to INSTALLED_APPS',
    "The bridge keeps a row per task in a table of its own; run migrate after the rewrite.",
    'INSTALLED_APPS = ["shop"]',
    'INSTALLED_APPS = ["shop", "bridge"]',
)
ALIASES = Rule(
    "HUE504",
    "Custom task names are written to task_aliases.toml",
    "The file maps the name in Huey's messages, module and name=, to the module path of the task. "
    'It lies beside manage.py, and OPTIONS["ALIASES"] names it.',
)
NO_SETTINGS = Rule(
    "HUE506",
    "No settings module was found",
    "No module or class under the given paths assigns INSTALLED_APPS. Run on the whole project, "
    "or add the printed block to the settings by hand.",
)
QUEUES = Rule(
    "HUE507",
    "The queues of TASKS",
    "Django refuses queues that TASKS does not list. Those in use are added to a QUEUES that is "
    "written out. Where the name of a queue cannot be read, QUEUES of a new TASKS is empty, which "
    "accepts every queue.",
)
ELSEWHERE = Rule(
    "HUE508",
    "TASKS is set already",
    "The setting is left as it is but for missing queues. To go on with the Huey consumers you "
    "have, its backend has to be bridge.HueyBackend.",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What every TASKS of the project says."""

    queues: frozenset[str]
    unknown: bool
    """Is there a queue whose name cannot be read?"""
    names: dict[str, str]
    hueys: dict[str, str]
    """The dotted path of the Huey of a queue, where it is not the one of the settings."""

    @property
    def listed(self) -> tuple[str, ...]:
        """Return the queues to list, none where one of them is not known."""
        return () if self.unknown else ("default", *sorted(self.queues - {"default"}))


def write_settings(study: Study, settings: Settings, converted: set[str]) -> Written:
    """Return the edits of the settings, and what to say about the rest."""
    written = Written()
    facts = _facts(study, settings, converted)
    if not settings.bases:
        _without_settings(study, facts, converted, written)
    for base in settings.bases:
        _write_base(base, facts, written)
    for home in settings.homes:
        written.outcomes.extend(mode.conditional(home))
    for child in settings.children:
        written.outcomes.extend(mode.overrides(child))
    if facts.unknown:
        places = ", ".join(study.unknown_queues)
        note = f"QUEUES is empty, which accepts every queue: that of {places} cannot be read"
        written.notes.append(Note(QUEUES.code, note))
    plan_schedules(study, settings, converted, written)
    return written


def _facts(study: Study, settings: Settings, converted: set[str]) -> Facts:
    names = {legacy: key for key, legacy in sorted(study.aliases.items()) if key in converted}
    hueys: dict[str, str] = {}
    for key in sorted(converted):
        task = study.tasks[key]
        if task.maker.huey:
            hueys[study.census.queue_of(task) or "default"] = task.maker.huey
    for home in settings.homes:
        # What the settings hold themselves is found without being named.
        hueys = {q: path for q, path in hueys.items() if path != f"{home.source.name}.HUEY"}
    return Facts(frozenset(study.queues), bool(study.unknown_queues), names, hueys)


def _without_settings(study: Study, facts: Facts, converted: set[str], written: Written) -> None:
    inline = aliases.inline(facts.names) if facts.names else None
    block = _block(None, facts, inline)
    path = min(study.tasks[key].source.label for key in converted)
    reason = "no settings module under the given paths; add the TASKS block of the report"
    written.sites.append(Site(path, 1, NO_SETTINGS.code, Kind.PERSON, reason))
    text = f'add to the settings, with "bridge" in INSTALLED_APPS:\n{block}'
    written.notes.append(Note(NO_SETTINGS.code, text))


def _write_base(base: Home, facts: Facts, written: Written) -> None:
    expression = _write_aliases(base, facts.names, written)
    if base.own("TASKS"):
        if not any(name.startswith("bridge.") for name in strings_of(base)):
            statement = statement_of(base.own("TASKS")[0].frame)
            reason = "TASKS is set already; name bridge.HueyBackend in it"
            person = Outcome(base.source, statement, ELSEWHERE.code, Kind.PERSON, reason)
            written.outcomes.append(person)
        written.outcomes.extend(missing_queues(base, set(facts.queues), QUEUES.code))
        written.outcomes.extend(without_aliases(base, expression, ELSEWHERE.code))
        return
    place = _anchor(base)
    outcome = Outcome(base.source, place, TASKS.code, Kind.REWRITE, "the TASKS setting is written")
    new = statements(_block(base, facts, expression))
    outcome.edit(place, lambda node: cst.FlattenSentinel([node, *new]))
    written.outcomes.append(outcome)
    written.outcomes.extend(_space_below(base, place.node))
    written.outcomes.append(apps.install(base, INSTALLED.code))


def _anchor(home: Home) -> Frame:
    """Return the statement after which TASKS goes: the last one about Huey, or the last of all."""
    body = home.body
    order = {id(node): at for at, node in enumerate(body)}

    def place(frame: Frame) -> int:
        return next(
            order[id(up.node)] for up in (frame, *frame.ancestors()) if id(up.node) in order
        )

    about = [place(b.frame) for name in mode.NAMES for b in home.own(name)]
    said = mode.mode_of(home)
    if said is not None and home.is_plain(said.frame):
        about.append(place(said.frame))
    first = min((place(binding.frame) for binding in home.own(APPS)), default=0)
    at = max(max(about, default=len(body) - 1), first)
    return Frame(body[at], home.place, home.scope)


def _space_below(base: Home, node: cst.CSTNode) -> Iterator[Outcome]:
    """Yield the edit that parts the new setting from the statement below it."""
    below = next((new for old, new in pairwise(base.body) if old is node), None)
    if below is None or getattr(below, "leading_lines", None):
        return
    frame = Frame(below, base.place, base.scope)
    outcome = Outcome(base.source, frame, TASKS.code, Kind.REWRITE, "")
    outcome.counted = False
    empty = cst.EmptyLine(indent=False)
    outcome.edit(frame, lambda node: node.with_changes(leading_lines=[empty]))
    yield outcome


def _block(base: Home | None, facts: Facts, alias_expression: str | None) -> str:
    options = {}
    if facts.hueys:
        items = ", ".join(
            f"{text(queue).value}: {text(path).value}"
            for queue, path in sorted(facts.hueys.items())
        )
        options["HUEYS"] = f"{{{items}}}"
    if alias_expression is not None:
        options["ALIASES"] = alias_expression
    # Nobody can see from here what every call passes, and Huey's pickles carry dates too.
    options |= {"ON_LOST": '"fail"', "TYPED_JSON": "True"}
    backend = mode.backend_of(base) if base is not None else mode.HUEY
    width = base.source.line_length if base is not None else 88
    return Block(backend=backend, queues=facts.listed, options=options, width=width).source()


def _write_aliases(base: Home, names: dict[str, str], written: Written) -> str | None:
    """Plan the aliases file and return the expression that names it."""
    if not names:
        return None
    where = aliases.place(base)
    if where is None:
        return aliases.inline(names)
    expression, path = where
    label = aliases.label_beside(base.source, path)
    change = aliases.alias_change(path, label, names, "Huey")
    if change is not None and all(other.path != path for other in written.files):
        written.files.append(change)
        reason = f"{len(names)} custom names are aliases"
        written.sites.append(Site(label, 1, ALIASES.code, Kind.REWRITE, reason))
    return expression
