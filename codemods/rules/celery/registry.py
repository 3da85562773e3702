"""Every rule of this codemod, by code."""

from __future__ import annotations

from codemods.rules.celery import modules, verdict
from codemods.rules.celery.calls import apply_async, attribute, delay, direct, result, unresolved
from codemods.rules.celery.definitions import created, definition
from codemods.rules.celery.options import table
from codemods.rules.celery.settings import aliases, apps, eager, write
from codemods.rules.celery.testing import assertion, mock_attribute, mock_path, patch_object
from codemods.rules.celery.testing import eager as test_eager

RULES = tuple(
    sorted(
        (
            *definition.RULES,
            created.CREATED,
            modules.TIMEOUT,
            modules.LOGGER,
            verdict.STAYS,
            delay.DELAY,
            delay.REFERENCE,
            delay.ON_COMMIT,
            apply_async.APPLY_ASYNC,
            apply_async.OPTION,
            apply_async.PARTIAL,
            direct.DIRECT,
            direct.VALUE,
            result.RESULT,
            attribute.RUN,
            attribute.ATTRIBUTE,
            attribute.CANVAS,
            unresolved.UNRESOLVED,
            *table.RULES,
            write.TASKS,
            apps.APPS,
            eager.EAGER_SETTING,
            aliases.ALIASES,
            write.BEAT,
            write.NO_SETTINGS,
            write.KEPT,
            write.QUEUES,
            write.NO_APP,
            mock_path.MOCK_PATH,
            patch_object.PATCH_OBJECT,
            mock_attribute.MOCK_ATTRIBUTE,
            assertion.SHAPE,
            test_eager.EAGER,
            assertion.PERSON,
        ),
        key=lambda rule: rule.code,
    )
)
