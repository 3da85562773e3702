"""OPTIONS["APP"]."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import Celery
from django.core.exceptions import ImproperlyConfigured

from compat.celery.app import load_app
from compat.celery.backend import CeleryBackend
from tests.unit.celery import apps


@pytest.mark.parametrize("path", ["tests.unit.celery.apps.app", "tests.unit.celery.apps:app"])
def test_app_is_found_by_either_spelling(path: str) -> None:
    assert load_app(path, "default") is apps.app


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere.app", "cannot be imported"),
        ("tests.unit.celery.apps.missing", "cannot be imported"),
        ("app", "cannot be imported"),
        ("tests.unit.celery.apps.not_an_app", "is object, not a Celery app"),
        ("tests.unit.celery.apps", "is module, not a Celery app"),
    ],
)
def test_wrong_app_is_named_with_the_way_out(path: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as caught:
        load_app(path, "default")

    assert repr(path) in str(caught.value)
    assert "'shop.celery.app'" in str(caught.value)


def test_check_reports_a_wrong_app(configure: Callable[..., CeleryBackend]) -> None:
    assert configure().check() == []
    assert [message.id for message in configure(APP="nowhere.app").check()] == ["bridge.E010"]


def test_without_app_the_current_one_is_used(
    configure: Callable[..., CeleryBackend], app: Celery
) -> None:
    app.set_current()

    assert configure(APP=None).app is app
