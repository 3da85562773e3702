"""The words "django_tasks" and "django_tasks_db": INSTALLED_APPS, and loggers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from codemods.engine.literals import renamed_string
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, children
from codemods.rules.backport.absent import ABSENT, advice
from codemods.rules.backport.elements import without
from codemods.rules.backport.names import DATABASE_APPS, PACKAGES, RQ, below
from codemods.rules.backport.study import Study

APP = Rule(
    "DEP122",
    "INSTALLED_APPS",
    "django.tasks is no app, so django_tasks leaves the list. The app of the database backend "
    "becomes that of the bridge. With --target django, and beside RQ, both stay as long as the "
    "backend does.",
    'INSTALLED_APPS = ["shop", "django_tasks", "django_tasks.backends.database"]',
    'INSTALLED_APPS = ["shop", "bridge"]',
)
LOGGER = Rule(
    "DEP123",
    "The logger of tasks",
    "What the backport logs as django_tasks, Django logs as django.tasks.",
    'logging.getLogger("django_tasks")',
    'logging.getLogger("django.tasks")',
)
APPS = "INSTALLED_APPS"
_LOGGERS = frozenset(["getLogger", "assertLogs", "assertNoLogs"])


def judge_words(study: Study) -> None:
    """Judge every string that is the name of an app or a logger of the backport."""
    for source in study.project.relevant:
        found = list(_strings(source))
        lists: dict[int, tuple[Frame, list[Frame]]] = {}
        for place in found:
            value = _value(place)
            holder = in_apps(place)
            if holder is not None:
                lists.setdefault(id(holder.node), (holder, []))[1].append(place)
            elif value in PACKAGES:
                _judge_word(study, source, place, value)
        stays = any(below(_value(place), RQ) for place in found)
        for holder, places in lists.values():
            _judge_list(study, source, holder, places, stays=stays)


def in_apps(place: Frame) -> Frame | None:
    """Return the list of INSTALLED_APPS that a string is an element of."""
    element = place.up
    holder = element.up if element is not None and isinstance(element.node, cst.Element) else None
    if holder is None or not isinstance(holder.node, (cst.List, cst.Tuple)):
        return None
    for up in holder.ancestors():
        node: Any = up.node
        if isinstance(node, cst.Arg) and node.keyword is not None:
            return holder if node.keyword.value == APPS else None
        if isinstance(node, (cst.Assign, cst.AugAssign, cst.AnnAssign)):
            targets = node.targets if isinstance(node, cst.Assign) else [node]
            names = {dotted_name(target.target) for target in targets}
            return holder if any(name.endswith("APPS") for name in names) else None
    return None


def _strings(source: Source) -> Iterator[Frame]:
    stack = [Frame(source.tree, None, source.survey.scope)]
    while stack:
        frame = stack.pop()
        if isinstance(frame.node, cst.SimpleString):
            value = _value(frame)
            if value in PACKAGES or below(value, DATABASE_APPS) or below(value, RQ):
                yield frame
            continue
        stack += [Frame(node, frame, frame.scope) for node in reversed(children(frame.node))]


def _value(place: Frame) -> str:
    assert isinstance(place.node, cst.SimpleString)
    value = place.node.evaluated_value
    return value if isinstance(value, str) else ""


def _judge_list(
    study: Study, source: Source, holder: Frame, places: list[Frame], *, stays: bool
) -> None:
    database = [place for place in places if _value(place) in DATABASE_APPS]
    for place in places:
        value = _value(place)
        if value == "django_taskq" or (below(value, RQ) and "." not in value):
            study.outcome(source, place, ABSENT, Kind.PERSON, advice(value, study.target))
    if database and study.target == "django":
        reason = advice(_value(database[0]), study.target)
        study.outcome(source, database[0], ABSENT, Kind.PERSON, reason)
        return
    assert isinstance(holder.node, (cst.List, cst.Tuple))
    has_bridge = any(
        isinstance(element.value, cst.SimpleString) and element.value.raw_value == "bridge"
        for element in holder.node.elements
    )
    gone = [place for place in places if _value(place) == "django_tasks" and not stays]
    for place in database:
        if has_bridge:
            gone.append(place)
            continue
        has_bridge = True
        reason = "the app of the database backend becomes that of the bridge; run migrate"
        outcome = study.outcome(source, place, APP, Kind.CHANGE, reason)
        outcome.edit(place, renamed_string("bridge"))
    for place in gone:
        reason = f"{_value(place)} leaves INSTALLED_APPS"
        outcome = study.outcome(source, place, APP, Kind.REWRITE, reason)
        assert place.up is not None
        index = [element.value for element in holder.node.elements].index(place.node)  # type: ignore[arg-type]
        outcome.edit(holder, without(holder.node, index))


def _judge_word(study: Study, source: Source, place: Frame, value: str) -> None:
    if value == "django_tasks" and _is_logger(place):
        outcome = study.outcome(source, place, LOGGER, Kind.REWRITE, "Django logs as django.tasks")
        outcome.edit(place, renamed_string("django.tasks"))
        return
    if _is_import_guard(place):
        return
    reason = f"names {value}, which is not installed any more; say here what is meant"
    study.outcome(source, place, ABSENT, Kind.PERSON, reason)


def _is_logger(place: Frame) -> bool:
    up = place.up
    node: Any = up.node if up is not None else None
    if isinstance(node, cst.DictElement):
        return node.key is place.node and _below_key(up, "loggers")
    call: Any = up.up.node if isinstance(node, cst.Arg) and up is not None and up.up else None
    name = dotted_name(getattr(call, "func", None)).rpartition(".")[2]
    return name in _LOGGERS


def _below_key(frame: Frame | None, key: str) -> bool:
    return frame is not None and any(
        isinstance(up.node, cst.DictElement)
        and isinstance(up.node.key, cst.SimpleString)
        and up.node.key.raw_value == key
        for up in frame.ancestors()
    )


def _is_import_guard(place: Frame) -> bool:
    """Is it asked whether the package is there?"""
    call: Any = place.up.up.node if place.up is not None and place.up.up is not None else None
    name = dotted_name(getattr(call, "func", None)).rpartition(".")[2]
    return name in {"find_spec", "importorskip"}
