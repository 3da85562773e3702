"""The examples on the pages that need no database run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import override_settings

from bridge.base import Task

PAGES = Path(__file__).parents[2] / "docs" / "howto"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


PLAIN = (
    "retry.md",
    "timeouts.md",
    "loss.md",
    "limits.md",
    "cancel.md",
    "progress.md",
    "hooks.md",
    "batches.md",
)


@pytest.mark.parametrize("page", PLAIN)
def test_examples_run(page: str) -> None:
    examples = EXAMPLE.findall((PAGES / page).read_text())
    assert examples
    for example in examples:
        with override_settings(
            TASKS={
                "default": {
                    "BACKEND": "bridge.ImmediateBackend",
                    "QUEUES": [],
                    "OPTIONS": {"PROPAGATE": True},
                }
            }
        ):
            names: dict[str, object] = {"__name__": "example"}
            exec(compile(example, page, "exec"), names)
        assert any(isinstance(value, Task) for value in names.values())
