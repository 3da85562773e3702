"""Defining tasks: the decorator, the attributes, copies."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import inspect
import pickle
from unittest import mock

import pytest
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string

from bridge import Task, task
from bridge.interface import DjangoTask, InvalidTask, InvalidTaskBackend
from tests.app import promises, tasks
from tests.conformance.harness import API, Harness


def test_decorator_works_bare_with_parentheses_and_with_settings(harness: Harness) -> None:
    assert isinstance(promises.bare, DjangoTask)
    assert isinstance(tasks.add, DjangoTask)
    assert (promises.urgent_mail.priority, promises.urgent_mail.queue_name) == (7, "mail")


def test_djangos_own_decorator_makes_tasks_of_ours(harness: Harness) -> None:
    plain = API.task(tasks.add.func)
    tuned = API.task(priority=3, queue_name="mail", takes_context=False)(tasks.add.func)

    assert isinstance(plain, Task)
    assert isinstance(tuned, Task)
    assert (tuned.priority, tuned.queue_name) == (3, "mail")


def test_djangos_own_decorator_passes_policies_on(harness: Harness) -> None:
    if not any(p.kind is p.VAR_KEYWORD for p in inspect.signature(API.task).parameters.values()):
        pytest.skip("this decorator takes no further keywords; that of bridge does")

    assert API.task(timeout=5)(tasks.add.func).timeout == 5
    with pytest.raises(TypeError):
        API.task(colour="red")(tasks.add.func)


def test_defaults(harness: Harness) -> None:
    task = tasks.add

    assert (task.priority, task.queue_name, task.backend) == (0, "default", "default")
    assert (task.run_after, task.takes_context) == (None, False)


def test_name_and_path_are_those_of_the_function(harness: Harness) -> None:
    assert tasks.add.name == "add"
    assert tasks.add.module_path == "tests.app.tasks.add"
    assert import_string(tasks.add.module_path) is tasks.add


@pytest.mark.parametrize("name", ["priority", "queue_name", "backend", "run_after", "func"])
def test_attributes_cannot_be_changed(harness: Harness, name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(tasks.add, name, None)


def test_run_after_is_no_argument_of_the_decorator(harness: Harness) -> None:
    for decorator in (task, API.task):
        with pytest.raises(TypeError, match="run_after"):
            decorator(run_after=timezone.now())(tasks.add.func)


def test_task_is_validated_when_it_is_defined(harness: Harness) -> None:
    for settings in ({"priority": 101}, {"queue_name": "post"}, {"takes_context": True}):
        with pytest.raises(InvalidTask):
            task(**settings)(tasks.add.func)  # type: ignore[call-overload]


def test_builtin_and_nested_functions_are_invalid(harness: Harness) -> None:
    def nested() -> None: ...

    for function in (any, nested, harness.work):
        with pytest.raises(InvalidTask, match="module level"):
            task(function)


@pytest.mark.parametrize(
    ("flag", "define"),
    [
        ("supports_async_task", lambda: task(tasks.add_later.func)),
        ("supports_defer", lambda: tasks.add.using(run_after=timezone.now())),
        ("supports_priority", lambda: tasks.add.using(priority=5)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_backend_says_it_cannot_do_is_invalid(harness: Harness, flag: str, define) -> None:  # type: ignore[no-untyped-def]
    with mock.patch.object(type(harness.backend), flag, False), pytest.raises(InvalidTask):
        define()
    if getattr(harness.backend, flag):
        define()


def test_using_changes_each_setting_alone(harness: Harness) -> None:
    at = timezone.now() + dt.timedelta(hours=1)
    with harness.configured(reserve={"BACKEND": "bridge.DummyBackend"}):
        task = tasks.add.using(priority=10)
        assert (task.priority, task.queue_name, task.run_after) == (10, "default", None)
        task = task.using(queue_name="mail")
        assert (task.priority, task.queue_name, task.run_after) == (10, "mail", None)
        if harness.backend.supports_defer:
            task = task.using(run_after=at)
            assert (task.priority, task.queue_name, task.run_after) == (10, "mail", at)
        assert tasks.add.using(backend="reserve").backend == "reserve"
    assert (tasks.add.priority, tasks.add.queue_name, tasks.add.run_after) == (0, "default", None)


def test_using_nothing_is_an_equal_copy(harness: Harness) -> None:
    assert tasks.add.using() == tasks.add
    assert tasks.add.using() is not tasks.add


def test_using_takes_names_only(harness: Harness) -> None:
    with pytest.raises(TypeError):
        tasks.add.using(5)  # type: ignore[misc]


@pytest.mark.parametrize("name", ["takes_context", "func", "retry", "enqueue_on_commit"])
def test_using_changes_no_other_setting(harness: Harness, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        tasks.add.using(**{name: None})


def test_unknown_backend_is_named(harness: Harness) -> None:
    with pytest.raises(InvalidTaskBackend, match="nowhere"):
        tasks.add.using(backend="nowhere")


def test_backend_that_cannot_be_imported_is_named(harness: Harness) -> None:
    with override_settings(TASKS={**harness.settings, "broken": {"BACKEND": "no.such.Backend"}}):
        with pytest.raises(InvalidTaskBackend, match=r"no\.such\.Backend"):
            tasks.add.using(backend="broken")


def test_without_queues_only_the_default_one_is_valid(harness: Harness) -> None:
    with harness.configured(QUEUES=None):
        assert tasks.add.using(queue_name="default").queue_name == "default"
        with pytest.raises(InvalidTask):
            tasks.add.using(queue_name="mail")


def test_empty_queues_switch_the_validation_off(harness: Harness) -> None:
    with harness.configured(QUEUES=[]):
        assert tasks.add.using(queue_name="any").enqueue(1, 2).task.queue_name == "any"


def test_task_whose_queue_is_gone_is_invalid_when_it_is_enqueued(harness: Harness) -> None:
    with harness.configured(QUEUES=["default"]):
        with pytest.raises(InvalidTask, match="'mail' is not valid"):
            tasks.note_mail.enqueue("lost")


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copies_are_equal_and_work(harness: Harness, duplicate) -> None:  # type: ignore[no-untyped-def]
    original = tasks.add.using(priority=4, queue_name="mail")

    twin = duplicate(original)

    assert twin == original
    assert twin(1, 2) == 3
    assert twin.enqueue(1, 2).task == original
