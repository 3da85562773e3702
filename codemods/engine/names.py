"""How a file can call something it may have to import first."""

from __future__ import annotations

from codemods.engine.imports import Need
from codemods.engine.scope import BindingKind
from codemods.engine.source import Source


def local_name(
    source: Source, module: str, name: str, *, inside: bool = True
) -> tuple[str, Need | None]:
    """Return how the file can spell `module.name`, and the import this takes, if any.

    Inside functions their own names are in the way too; a decorator of a module's function sees
    only the names of the module.
    """
    survey = source.survey
    top = survey.scope.bindings
    hidden = survey.local_names if inside else set()
    for local, bindings in top.items():
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.IMPORT:
            continue
        if local in hidden or bindings[0].frame.scope is not survey.scope:
            continue
        if bindings[0].target == f"{module}.{name}":
            return local, None
        if bindings[0].target == module and "." not in module:
            return f"{local}.{name}", None
    local = name
    if name in top or name in hidden:
        package = module.rpartition(".")[2]
        local = f"{package}_{name}" if name.islower() else f"{package.title()}{name}"
    return local, Need(module, name, local)


def module_name(source: Source, module: str) -> tuple[str, Need | None]:
    """Return how the file can spell a module, and the import this takes, if any."""
    survey = source.survey
    for local, bindings in survey.scope.bindings.items():
        if len(bindings) == 1 and bindings[0].target == module and local not in survey.local_names:
            return local, None
    local = module
    if module in survey.scope.bindings or module in survey.local_names:
        local = f"{module}_"
    return local, Need(module, "", local)
