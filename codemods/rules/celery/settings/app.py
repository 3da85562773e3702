"""Which Celery app TASKS names."""

from __future__ import annotations

from codemods.engine.settings.homes import Settings
from codemods.engine.site import Kind, Rule, Site
from codemods.rules.celery.study import Study

NO_APP = Rule(
    "CEL509",
    "Several Celery apps",
    'Name one with --celery-app, or write OPTIONS["APP"] by hand. Without APP the bridge uses '
    "Celery's current app, which is right where the project has one app or none.",
)


def find_app(study: Study, settings: Settings) -> tuple[str | None, Site | None]:
    """Return the dotted path of the app, and what to say when there are several."""
    census = study.census
    if census.named_app is not None:
        return census.named_app, None
    candidates = [name for name in census.apps if not _in_tests(study, name)]
    if not candidates and settings.bases and all(base.source.is_test for base in settings.bases):
        candidates = list(census.apps)
    if len(candidates) > 1:
        tops = {base.source.name.partition(".")[0] for base in settings.bases}
        near = [name for name in candidates if name.partition(".")[0] in tops]
        candidates = near or candidates
    if len(candidates) == 1:
        name = candidates[0]
        # Settings that import the app they define themselves would be imported twice.
        own = {module.name for module in settings.modules}
        return (None, None) if name.rpartition(".")[0] in own else (name, None)
    if not candidates or not settings.bases:
        return None, None
    where = settings.bases[0].source.label
    reason = f'{len(candidates)} Celery apps found; name one in OPTIONS["APP"]: '
    reason += ", ".join(candidates)
    return None, Site(where, 1, NO_APP.code, Kind.PERSON, reason)


def _in_tests(study: Study, name: str) -> bool:
    source = study.project.modules.get(name.rpartition(".")[0])
    return source is not None and source.is_test
