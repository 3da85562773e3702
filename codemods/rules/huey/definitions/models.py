"""Tasks and calls with model instances, which Huey pickles and JSON cannot hold."""

from __future__ import annotations

import libcst as cst

from codemods.engine.modules import Target
from codemods.engine.scope import BindingKind, Scope
from codemods.engine.site import Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.huey.study import Study
from codemods.rules.huey.task import HueyTask

MODEL = Rule(
    "HUE108",
    "A task takes what JSON cannot hold",
    "Huey pickles its arguments, so that a task may take a model instance, a set or a function. "
    "Arguments of a django.tasks task are JSON, under TYPED_JSON with dates, decimals and bytes. "
    "Pass the primary key and read the row in the task, which also sees it as it is then.",
)
_MODELS = frozenset(
    {
        "django.db.models.Model",
        "django.db.models.base.Model",
        "django.contrib.auth.models.User",
        "django.contrib.auth.models.Group",
        "django.contrib.auth.models.AbstractUser",
        "django.contrib.auth.models.AbstractBaseUser",
        "django.contrib.sites.models.Site",
    }
)
_MAKE = frozenset({"get", "create", "first", "last", "earliest", "latest"})
_ADVICE = "pass its pk and read it in the task"
_DEPTH = 6


def takes_model(study: Study, task: HueyTask) -> str:
    """Say which parameter is annotated with a model, if one is."""
    params = task.node.params
    for param in (*params.posonly_params, *params.params, *params.kwonly_params):
        if param.annotation is None:
            continue
        target = study.resolved(param.annotation.annotation, task.frame.scope, task.source)
        if target is not None and is_model(study, target):
            return f"{param.name.value} is a model instance; {_ADVICE}"
    return ""


def unfit_argument(study: Study, source: Source, call: Frame) -> str:
    """Say which argument of a call cannot be JSON for sure, if one is seen."""
    assert isinstance(call.node, cst.Call)
    for arg in call.node.args:
        reason = "" if arg.star else _unfit(study, source, call.scope, arg.value)
        if reason:
            return reason
    return ""


def is_model(study: Study, target: Target, depth: int = 0) -> bool:
    """Is the target a class of Django models?"""
    if target.full in _MODELS:
        return True
    opened = study.project.open(target)
    if opened is None or opened.source is None or opened.binding is None or opened.rest:
        return False
    node = opened.binding.frame.node
    if not isinstance(node, cst.ClassDef) or depth > _DEPTH:
        return False
    scope = opened.source.survey.scope
    bases = (study.resolved(base.value, scope, opened.source) for base in node.bases)
    return any(base is not None and is_model(study, base, depth + 1) for base in bases)


def _unfit(study: Study, source: Source, scope: Scope, node: cst.BaseExpression) -> str:
    if isinstance(node, (cst.Lambda, cst.Set, cst.SetComp, cst.GeneratorExp)):
        return "an argument is not JSON"
    if isinstance(node, cst.Attribute) and dotted_name(node).endswith("request.user"):
        return f"request.user is a model instance; {_ADVICE}"
    if not isinstance(node, cst.Name):
        return f"a model instance is passed; {_ADVICE}" if _made(study, source, scope, node) else ""
    found = scope.lookup(node.value)
    if found is None:
        return ""
    owner, bindings = found
    if node.value in {"self", "cls"}:
        return f"self is a model instance; {_ADVICE}" if _in_model(study, source, owner) else ""
    made = all(
        (b.kind is BindingKind.ASSIGN and _made(study, source, scope, b.value))
        or (b.kind is BindingKind.PARAMETER and _annotated(study, source, owner, b.frame.node))
        for b in bindings
    )
    return f"{node.value} is a model instance; {_ADVICE}" if made else ""


def _made(study: Study, source: Source, scope: Scope, node: cst.BaseExpression | None) -> bool:
    """Is it `Order.objects.get(...)`, `Order(...)` or `get_object_or_404(Order, ...)`?"""
    if not isinstance(node, cst.Call):
        return False
    name = dotted_name(node.func)
    if name.rpartition(".")[2] == "get_object_or_404":
        return True
    words = name.split(".")
    if words[-1] in _MAKE and "objects" in words:
        words = words[: words.index("objects")]
    target = study.project.resolve_name(tuple(words), scope, source) if words[0] else None
    return target is not None and is_model(study, target)


def _annotated(study: Study, source: Source, owner: Scope, node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Param) or node.annotation is None or owner.parent is None:
        return False
    target = study.resolved(node.annotation.annotation, owner.parent, source)
    return target is not None and is_model(study, target)


def _in_model(study: Study, source: Source, function: Scope) -> bool:
    """Is the function a method of a model?"""
    holder = function.parent
    frame = holder.frame if holder is not None else None
    if frame is None or not isinstance(frame.node, cst.ClassDef) or function.frame is None:
        return False
    bases = (study.resolved(base.value, frame.scope, source) for base in frame.node.bases)
    return any(base is not None and is_model(study, base) for base in bases)
