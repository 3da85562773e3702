"""Backends: found by alias, asked what they can do, used directly, closed."""

from __future__ import annotations

import subprocess
import sys
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.core.checks import Warning as CheckWarning
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from bridge import task
from bridge.interface import (
    BaseTaskBackend,
    InvalidTask,
    InvalidTaskBackend,
    TaskException,
    TaskResultDoesNotExist,
    TaskResultMismatch,
    TaskResultStatus,
    task_backends,
)
from tests.app import promises, tasks
from tests.conformance.harness import API, Harness, finished


def test_backend_is_found_by_its_alias(harness: Harness) -> None:
    backend = task_backends["default"]

    made = import_string(harness.path)("default", harness.settings["default"])
    assert type(backend) is type(made)
    assert isinstance(backend, BaseTaskBackend)
    assert backend.alias == "default"
    assert task_backends["default"] is backend
    assert tasks.add.get_backend() is backend


def test_default_backend_has_a_name_of_its_own(harness: Harness) -> None:
    assert API.default_task_backend == task_backends["default"]
    assert API.default_task_backend.alias == "default"
    with pytest.raises(InvalidTaskBackend):
        task_backends["nowhere"]


def test_options_are_those_of_the_settings(harness: Harness) -> None:
    with harness.configured(OPTIONS={**harness.options, "COLOUR": "red"}):
        assert task_backends["default"].options == {**harness.options, "COLOUR": "red"}


def test_tasks_go_to_the_backend_they_name(harness: Harness) -> None:
    with harness.configured(reserve={"BACKEND": "bridge.DummyBackend", "QUEUES": []}):
        declared = task(backend="reserve", queue_name="any")(tasks.add.func)
        moved = tasks.add.using(backend="reserve")

        ids = [declared.enqueue(1, 2).id, moved.enqueue(3, 4).id]

        assert [result.id for result in task_backends["reserve"].results] == ids
        assert [result.backend for result in task_backends["reserve"].results] == ["reserve"] * 2


def test_backend_enqueues_a_task_by_itself(harness: Harness) -> None:
    result = harness.backend.enqueue(tasks.add, [1], {"b": 2})
    later = async_to_sync(harness.backend.aenqueue)(tasks.add, [3], {"b": 4})

    assert [result.args, later.args] == [[1], [3]]
    assert [result.kwargs, later.kwargs] == [{"b": 2}, {"b": 4}]
    if harness.executes:
        assert finished(harness, result).return_value == 3


def test_backend_that_enqueues_a_task_of_another_says_so_in_the_result(harness: Harness) -> None:
    with harness.configured(reserve={"BACKEND": "bridge.DummyBackend"}):
        result = harness.backend.enqueue(tasks.add.using(backend="reserve"), [1, 2], {})

        assert result.backend == "default"
        assert task_backends["reserve"].results == []


def test_backend_validates_a_task(harness: Harness) -> None:
    harness.backend.validate_task(tasks.add)
    valid = tasks.note_mail
    with harness.configured(QUEUES=["default"]):
        with pytest.raises(InvalidTask):
            task_backends["default"].validate_task(valid)


@pytest.mark.parametrize(
    "flag",
    ["supports_defer", "supports_async_task", "supports_get_result", "supports_priority"],
)
def test_flags_say_yes_or_no(harness: Harness, flag: str) -> None:
    assert isinstance(getattr(harness.backend, flag), bool)


def test_backend_without_results_raises_not_implemented(harness: Harness) -> None:
    if harness.backend.supports_get_result or harness.keeps_in_memory:
        pytest.skip("the backend keeps results")
    result = promises.bare.enqueue()

    for ask in (
        promises.bare.get_result,
        harness.backend.get_result,
        async_to_sync(promises.bare.aget_result),
        async_to_sync(harness.backend.aget_result),
    ):
        with pytest.raises(NotImplementedError):
            ask(result.id)
    with pytest.raises(NotImplementedError):
        result.refresh()


def test_checks_of_a_right_configuration_say_nothing(harness: Harness) -> None:
    assert list(harness.backend.check()) == []


def test_checks_of_the_project_ask_the_backend(harness: Harness) -> None:
    message = CheckWarning("asked", id="tests.W001")

    with mock.patch.object(type(harness.backend), "check", return_value=[message]):
        assert message in run_checks()


def test_closed_backend_opens_again_when_it_is_used(harness: Harness) -> None:
    before = promises.bare.enqueue()

    harness.backend.close()
    harness.backend.close()

    after = promises.bare.enqueue()
    if harness.executes and harness.backend.supports_get_result:
        harness.work()
        harness.backend.close()
        assert [promises.bare.get_result(r.id).return_value for r in (before, after)] == [42, 42]


def test_all_backends_close_together(harness: Harness) -> None:
    promises.bare.enqueue()

    with mock.patch.object(type(harness.backend), "close") as close:
        task_backends.close_all()
    close.assert_called_once_with()

    task_backends.close_all()
    assert promises.bare.enqueue().status in TaskResultStatus


def test_exceptions_have_their_bases() -> None:
    assert issubclass(InvalidTaskBackend, ImproperlyConfigured)
    for kind in (InvalidTask, TaskResultDoesNotExist, TaskResultMismatch):
        assert issubclass(kind, TaskException)


def test_without_settings_djangos_immediate_backend_runs_tasks() -> None:
    program = (
        "import django; from django.conf import settings; settings.configure(); django.setup()\n"
        "from bridge.interface import task_backends; from tests.conformance.untold import double\n"
        "print(type(task_backends['default']).__qualname__, double.enqueue(21).return_value)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout.strip(), done.returncode) == ("ImmediateBackend 42", 0), done.stderr
