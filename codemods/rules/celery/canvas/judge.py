"""Signatures: onto the bridge's hooks where the meaning is the same, else left to Celery."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.rules.celery.canvas.chain import chain
from codemods.rules.celery.canvas.form import CHAIN, CHORD, GROUP, STEP
from codemods.rules.celery.canvas.group import group
from codemods.rules.celery.canvas.kept import kept
from codemods.rules.celery.canvas.place import Place, place_of
from codemods.rules.celery.canvas.step import MAKERS
from codemods.rules.celery.canvas.work import Stays, prepare
from codemods.rules.celery.study import Study, Use

_WHY = {
    CHORD: "a chord gives its last task the results of all others; "
    "enqueue_many(on_complete=...) gives it the id of the batch, also when a task has failed",
}


def signature(study: Study, use: Use) -> Outcome | None:
    """Judge `.s`, `.si`, `.signature` and the like; a canvas is judged once for all of them."""
    if len(use.rest) > 1 or use.chain.stored:
        return kept(study, use, f".{use.rest[0]} of a Celery task is used")
    if use.rest[0] not in MAKERS:
        return kept(study, use, f".{use.rest[0]}() has no counterpart; see enqueue_many()")
    place = place_of(study, use)
    if place.linked:
        return _linked(study, use, place)
    if place.start is None:
        return kept(study, use, "the signature is passed on, so its canvas stays on Celery")
    key = id(place.start.node)
    if key not in study.canvases:
        study.canvases[key] = _convert(study, place)
    reason = study.canvases[key]
    return kept(study, use, reason) if reason else None


def _linked(study: Study, use: Use, place: Place) -> Outcome | None:
    """Leave a link to the rule of its apply_async, when that sends a task that is known."""
    arg = place.top.up
    call = arg.up if arg is not None else None
    if call is not None and isinstance(call.node, cst.Call) and id(call.node.func) in study.used:
        return None
    return kept(study, use, "it is linked to something that stays on Celery")


def _convert(study: Study, place: Place) -> str:
    """Add the outcome for a canvas, or say why it stays on Celery."""
    if study.target == "django":
        return "a canvas needs the hooks of the bridge"
    try:
        work = prepare(study, place)
        if work.form.kind in {CHAIN, STEP}:
            outcome = chain(work)
        elif work.form.kind == GROUP:
            outcome = group(work)
        else:
            reason = "the canvas is not made of signatures that can be read here"
            raise Stays(_WHY.get(work.form.kind, reason))
    except Stays as stays:
        return str(stays)
    reason = "another task of the canvas stays on Celery"
    outcome.otherwise = [kept(study, use, reason) for use in work.uses]
    study.outcomes.append(outcome)
    return ""
