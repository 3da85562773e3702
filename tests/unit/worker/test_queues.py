from __future__ import annotations

from typing import Any, cast

import pytest
from django.test import override_settings

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.worker.queues import Queues, choose_queues

DATABASE = {"BACKEND": "bridge.DatabaseBackend"}


def choose(*included: str, exclude: tuple[str, ...] = (), backend: str = "default") -> Queues:
    return choose_queues(cast("LedgerBackend", task_backends[backend]), included, exclude)


@pytest.mark.parametrize(
    ("included", "names", "weights"),
    [
        ((), (), {}),
        (("mail", "slow"), ("mail", "slow"), {}),
        (("mail, slow,",), ("mail", "slow"), {}),
        (("mail", "mail"), ("mail",), {}),
        (("mail=5,slow=0.5",), ("mail", "slow"), {"mail": 5, "slow": 0.5}),
        (("mail=5", "slow"), ("mail", "slow"), {"mail": 5, "slow": 1}),
    ],
)
def test_queues_are_named_by_repeating_by_commas_and_with_weights(
    included: tuple[str, ...], names: tuple[str, ...], weights: dict[str, float]
) -> None:
    queues = choose(*included)

    assert (queues.names, queues.weights, queues.exclude) == (names, weights, ())


def test_excluded_queues_leave_all_others() -> None:
    assert choose(exclude=("mail,slow",)) == Queues(names=(), weights={}, exclude=("mail", "slow"))


@pytest.mark.parametrize(
    ("included", "exclude", "message"),
    [
        (("mail=5",), ("slow,mail",), "'mail' is both served and excluded"),
        (("post",), (), "'post' is not in QUEUES of TASKS['default'], which has default, mail"),
        ((), ("post",), "'post' is not in QUEUES"),
        (("mail=much",), (), "The weight in 'mail=much' is not a number"),
        (("mail=0",), (), "The weight in 'mail=0' must be a number above 0"),
        (("mail=inf",), (), "The weight in 'mail=inf' must be a number above 0"),
        (("mail=nan",), (), "The weight in 'mail=nan' must be a number above 0"),
        (("mail=2", "mail=3"), (), "Queue 'mail' has two weights"),
        ((), ("default,mail,slow",), "Every queue is excluded"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    included: tuple[str, ...], exclude: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        choose(*included, exclude=exclude)

    assert message in str(caught.value)


def settings_of(**backends: dict[str, Any]) -> Any:
    return override_settings(TASKS={name: {**DATABASE, **own} for name, own in backends.items()})


def test_queues_that_only_another_backend_has_are_left_to_it() -> None:
    with settings_of(default={"QUEUES": ["default", "mail"]}, bulk={"QUEUES": ["bulk", "mail"]}):
        assert choose().exclude == ("bulk",)
        assert choose(backend="bulk").exclude == ("default",)
        assert choose("mail").exclude == ()


def test_backend_that_declares_no_queues_may_have_any() -> None:
    with settings_of(default={"QUEUES": []}, bulk={"QUEUES": ["bulk"]}):
        assert choose().exclude == ()
        assert choose("anything").names == ("anything",)


def test_queues_of_a_backend_with_a_ledger_elsewhere_do_not_matter() -> None:
    with settings_of(
        default={"QUEUES": ["default"]},
        bulk={"QUEUES": ["bulk"], "OPTIONS": {"DATABASE": "postgres"}},
    ):
        assert choose().exclude == ()


@pytest.mark.parametrize(
    ("queues", "text"),
    [
        (Queues(names=(), weights={}, exclude=()), "all"),
        (Queues(names=(), weights={}, exclude=("mail", "slow")), "all but mail,slow"),
        (Queues(names=("mail", "slow"), weights={}, exclude=()), "mail,slow"),
        (Queues(names=("mail",), weights={"mail": 2.0}, exclude=()), "mail=2"),
    ],
)
def test_queues_read_as_they_were_asked_for(queues: Queues, text: str) -> None:
    assert str(queues) == text
