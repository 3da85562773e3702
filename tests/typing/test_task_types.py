"""What a type checker says about tasks."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

USES = """
from typing import Any, assert_type
from bridge import Call, Retry, task
from django.tasks import TaskContext

@task()
def add(a: int, b: int) -> int:
    return 1

@task
def bare(a: str) -> str:
    return a

@task(takes_context=True, retry=Retry(), on_lost="fail")
def with_context(context: TaskContext[..., Any], a: int) -> float:
    return 1.0

assert_type(add(1, 2), int)
assert_type(add.enqueue(1, b=2).return_value, int)
assert_type(add.using(priority=2).enqueue(1, 2).return_value, int)
assert_type(with_context.enqueue(1).return_value, float)
assert_type(add.enqueue_many([(1, 2), {"a": 1, "b": 2}, Call(1, b=2)])[0].return_value, int)
assert_type(add.enqueue_many((n, 2) for n in range(3)).ids, list[str])
add.enqueue_many([1])  # E: [list-item]
add.enqueue("x", 2)  # E: [arg-type]
add.enqueue(1)  # E: [call-arg]
bare.enqueue(1)  # E: [arg-type]
with_context.enqueue("x")  # E: [arg-type]
task(retrry=None)  # E: [call-overload]
task(on_lost="explode")  # E: [call-overload]
"""


def test_arguments_results_and_policies_are_checked(tmp_path: Path) -> None:
    module = tmp_path / "uses.py"
    module.write_text(USES)

    output, errors, _ = api.run([str(module), "--no-incremental", "--hide-error-context"])

    assert not errors
    pattern = rf"{re.escape(str(module))}:(\d+): error: .*?(\[[\w-]+\])$"
    found = dict(re.findall(pattern, output, re.MULTILINE))
    lines = enumerate(USES.splitlines(), start=1)
    expected = {str(number): line.split("# E: ")[1] for number, line in lines if "# E: " in line}
    assert found == expected, output
