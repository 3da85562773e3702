"""What a task may declare about its own execution."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from bridge import Retry, task
from bridge.interface import InvalidTask
from tests.app import tasks


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("retry", Retry, r"retry=Retry\(max_attempts=5\)"),
        ("retry", 3, r"retry=Retry\(max_attempts=5\)"),
        ("timeout", 0, "None, for no limit"),
        ("timeout", -1.5, "None, for no limit"),
        ("timeout", "30", "None, for no limit"),
        ("timeout", True, "None, for no limit"),
        ("timeout", math.nan, "None, for no limit"),
        ("timeout", math.inf, "None, for no limit"),
        ("timeout", dt.timedelta(0), "None, for no limit"),
        ("timeout", 1e12, "None, for no limit"),
        ("hard_timeout", 0, "None, for no limit"),
        ("expires", 0, "at most 100 years"),
        ("expires", 1e12, "at most 100 years"),
        ("expires", dt.timedelta.max, "at most 100 years"),
        ("on_lost", "explode", "ON_LOST of the backend"),
        ("on_lost", True, "ON_LOST of the backend"),
    ],
)
def test_policy_nobody_could_follow_is_invalid(name: str, value: Any, way_out: str) -> None:
    with pytest.raises(InvalidTask, match=way_out) as caught:
        task(**{name: value})(tasks.add.func)  # type: ignore[call-overload]

    assert str(caught.value).startswith(f"{name} of 'tests.app.tasks.add' must be ")
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("seconds", [1, 0.5, dt.timedelta(milliseconds=1)])
def test_any_duration_is_a_timeout(seconds: Any) -> None:
    assert task(timeout=seconds, hard_timeout=seconds)(tasks.add.func).timeout == seconds


@pytest.mark.parametrize("value", ["mail", 3])
def test_setting_without_a_name_is_refused_with_the_right_way(value: Any) -> None:
    with pytest.raises(TypeError, match=rf"not {value!r}.*@task\(queue_name="):
        task(value)
