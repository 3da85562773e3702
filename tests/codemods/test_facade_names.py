"""The codemod knows the facade without importing it: what it says of it is so."""

from __future__ import annotations

import pytest

from codemods.rules.celery.facade import names
from compat.celery import facade
from compat.celery.facade import options, sending
from compat.celery.facade.request import Request
from compat.celery.facade.retrying import RetryPolicy


@facade.shared_task
def example() -> None: ...


@facade.shared_task
def other() -> None: ...


def test_options_of_a_task_are_those_the_facade_takes() -> None:
    own = {"bind", "name", "serializer", "typing"}
    assert own | options.RETRY | options.DROPPED | set(options._FIELDS) == names.OPTIONS


@pytest.mark.parametrize("name", sorted(names.OPTIONS))
def test_facade_takes_each_option(name: str) -> None:
    spec, _ = options.read_options({name: None if name != "bind" else True})
    assert isinstance(spec, options.Spec)


def test_options_of_a_call_are_those_the_facade_takes() -> None:
    own = {"args", "kwargs", "serializer"}
    assert own | sending.DROPPED | sending._SAID == names.CALL_OPTIONS


@pytest.mark.parametrize("name", sorted(names.CALL_OPTIONS - {"args", "kwargs"}))
def test_facade_takes_each_option_of_a_call(name: str) -> None:
    assert sending.prepared(example, {name: None}) is example


@pytest.mark.parametrize("name", ["headers", "task_id", "routing_key", "MessageGroupId"])
def test_facade_refuses_what_the_codemod_reports(name: str) -> None:
    assert name not in names.CALL_OPTIONS
    with pytest.raises((NotImplementedError, TypeError)):
        sending.prepared(example, {name: "x"})


@pytest.mark.parametrize("module", names.MODULES)
def test_names_that_move_are_in_the_facade(module: str) -> None:
    for name in names.MODULES[module]:
        assert hasattr(facade, name), name


def test_attributes_of_a_task_and_of_its_request_are_there() -> None:
    assert {name for name in names.ATTRIBUTES if not hasattr(example, name)} == set()
    request = Request(current=example)
    assert {name for name in names.REQUEST if not hasattr(request, name)} == set()


def test_retry_of_a_task_is_what_self_retry_calls() -> None:
    assert isinstance(example.retry, RetryPolicy)
    assert other.retry is not None


def test_a_task_says_the_name_of_its_function_and_not_its_module() -> None:
    assert example.__name__ == "example"
    assert "__module__" not in names.ATTRIBUTES
    assert example.__module__ != __name__
    assert example.__wrapped__.__name__ == "example"
