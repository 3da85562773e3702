"""Attributes of the backport's modules: `django_tasks.exceptions.InvalidTaskError`."""

from __future__ import annotations

from codemods.engine.respelling import respelled
from codemods.engine.scope import BindingKind
from codemods.engine.site import Kind, Rule
from codemods.rules.backport.absent import ABSENT, advice
from codemods.rules.backport.missing_result import ONE, OTHER, SPLIT, edit_of, form
from codemods.rules.backport.names import BRIDGE_DATABASE, GONE, MODULES, counterpart, is_backport
from codemods.rules.backport.study import Mention, Study, bindings_of

MEMBER = Rule(
    "DEP106",
    "An attribute of a module of django_tasks has another name",
    "The module is imported from Django; what is read from it is called as Django calls it.",
    "django_tasks.exceptions.InvalidTaskError",
    "django.tasks.exceptions.InvalidTask",
)


def judge_members(study: Study) -> None:
    """Rewrite what is read from imported modules."""
    for mentions in study.mentions.values():
        for mention in mentions:
            if mention.direct and not study.is_kept(mention):
                _judge(study, mention)


def _judge(study: Study, mention: Mention) -> None:
    chain, source = mention.chain, mention.source
    binding = bindings_of(chain)[0]
    base = binding.target
    if base not in MODULES or binding.kind is not BindingKind.IMPORT:
        return
    if not mention.full.startswith(f"{base}.") and mention.full != base:
        return
    found = counterpart(mention.full, study.target)
    new_base = MODULES[base]
    root = new_base.split(".") if binding.name == "django_tasks" == base else [chain.root]
    if found is None or (found.is_module and found.rest) or found.new == BRIDGE_DATABASE:
        if mention.full != base:
            reason = advice(mention.full, study.target)
            study.outcome(source, chain.frame, ABSENT, Kind.PERSON, reason)
        return
    if not f"{found.new}.".startswith(f"{new_base}."):
        reason = f"{found.old} is {found.new} in Django"
        study.outcome(source, chain.frame, ABSENT, Kind.PERSON, reason)
        return
    words = [*root, *found.new.split(".")[len(new_base.split(".")) :]]
    count = len(chain.parts) + 1 - len(found.rest)
    if found.old in GONE and not found.rest:
        if not form(chain):
            reason = f"{ONE} and {OTHER} take its place; say here which of them is meant"
            study.outcome(source, chain.frame, SPLIT, Kind.PERSON, reason)
            return
        said = study.outcome(source, chain.frame, SPLIT, Kind.REWRITE, SPLIT.title)
        said.edits.append(edit_of(chain, words[:-1]))
        return
    if words != [chain.root, *chain.parts[: count - 1]]:
        reason = f"{chain.dotted} becomes {'.'.join([*words, *found.rest])}"
        said = study.outcome(source, chain.frame, MEMBER, Kind.REWRITE, reason)
        said.counted = is_backport(found.old) and found.old not in MODULES
        said.edits.append(respelled(chain, count, words))
