"""`link=` and `link_error=` of apply_async, as hooks of the bridge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.site import Rule
from codemods.rules.celery.calls.shape import Shape
from codemods.rules.celery.calls.using import Using, no_counterpart, read_using
from codemods.rules.celery.canvas.hook import hook
from codemods.rules.celery.canvas.kept import kept
from codemods.rules.celery.canvas.step import read_step
from codemods.rules.celery.study import Study, Use

LINK = Rule(
    "CEL213",
    "link= and link_error= become hooks",
    "link= gives what the task returned as first argument, unless the signature is immutable: "
    "using(on_success=next.hook(RETURN_VALUE, ...)). link_error= gives the id when its task takes "
    "a single argument or is bound: using(on_failure=...hook(RESULT_ID)). A task of link_error= "
    "with more arguments is called by Celery with the request, the exception and the traceback, "
    "which no hook can pass; such a call stays on Celery.",
    "send.apply_async((1,), link=log.s(7))",
    "send.using(on_success=log.hook(RETURN_VALUE, 7)).enqueue(1)",
)
_HOOKS = {"link": ("on_success", "RETURN_VALUE"), "link_error": ("on_failure", "RESULT_ID")}


@dataclass(slots=True)
class Links:
    """The signatures that an apply_async starts when its task has ended."""

    names: list[str] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    using: dict[str, list[Using]] = field(default_factory=dict)
    fed: dict[str, str] = field(default_factory=dict)
    needs: set[Need] = field(default_factory=set)
    problem: str = ""
    change: str = ""

    @property
    def tasks(self) -> frozenset[str]:
        """Return the keys of the tasks that are started."""
        return frozenset(use.task.key for use in self.uses)

    def args(self, options: Mapping[str, cst.BaseExpression]) -> Iterator[cst.Arg]:
        """Yield on_success= and on_failure= for these expressions."""
        for name in self.names:
            keyword, _ = _HOOKS[name]
            steps = [step for node in _signatures(options[name]) if (step := read_step(node))]
            hooks = [
                hook(step, using, self.fed[name])
                for step, using in zip(steps, self.using[name], strict=True)
            ]
            value: cst.BaseExpression = hooks[0]
            if len(hooks) > 1:
                value = cst.List([cst.Element(each) for each in hooks])
            yield cst.Arg(keyword=cst.Name(keyword), value=value)

    def kept(self, study: Study) -> list[Outcome]:
        """Return what leaves the signatures to Celery with their call."""
        why = "it is linked to a call that stays on Celery"
        return [kept(study, each, why) for each in self.uses]


def read_links(study: Study, use: Use, shape: Shape) -> Links:
    """Return what becomes of the links of a call."""
    links = Links()
    for name, (_, fed) in _HOOKS.items():
        if name not in shape.options:
            continue
        links.names.append(name)
        if study.target == "django":
            links.problem = no_counterpart(name)
        links.using[name] = []
        for node in _signatures(shape.options[name]):
            step = read_step(node)
            linked = study.used.get(id(step.maker.func)) if step is not None else None
            if step is None or linked is None:
                links.problem = no_counterpart(name)
                continue
            links.uses.append(linked)
            using = read_using(study, use.source, use.chain.frame.scope, step.options)
            links.problem = links.problem or step.problem or using.problem
            if name == "link_error" and not _takes_id(linked):
                links.problem = (
                    f"link_error= calls {linked.task.name} with the request, the exception and "
                    "the traceback, which a hook cannot pass"
                )
            links.using[name].append(using)
            links.needs |= using.needs
            links.fed[name] = links.fed.get(name, "") or _spelled(use, links, fed)
            if name == "link_error" and not step.immutable:
                links.change = f"{linked.task.name} gets the id of a TaskResult"
    if not links.problem and any(not each for each in links.using.values()):
        links.problem = no_counterpart(links.names[0])
    return links


def _signatures(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(node, (cst.List, cst.Tuple)):
        return [element.value for element in node.elements]
    return [node]


def _spelled(use: Use, links: Links, name: str) -> str:
    spelled, need = local_name(use.source, "bridge", name)
    if need is not None:
        links.needs.add(need)
    return spelled


def _takes_id(use: Use) -> bool:
    """Does Celery give this error handler the id alone?"""
    params = use.task.node.params
    if use.task.bound:
        return True
    positional = [*params.posonly_params, *params.params]
    return len(positional) <= 1 and not isinstance(params.star_arg, cst.Param)
