from __future__ import annotations

import json
import math
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu.utils import json as kombu_json

from bridge.aliases import load_aliases
from bridge.exceptions import UnstorableValue
from bridge.ids import new_id, to_uuid
from bridge.interface import normalize_json
from bridge.typed_json import revive
from bridge.values import storable, to_text
from bridge.worker.marks import NO_DEADLINE, Mark, Marks


@pytest.mark.parametrize("value", [math.nan, math.inf, [1, {"a": -math.inf}], "a\x00b", "\ud800"])
def test_value_a_database_refuses_is_refused_with_the_value(value: object) -> None:
    with pytest.raises(UnstorableValue, match="must"):
        storable(value)


@pytest.mark.parametrize(
    "value",
    [
        (1, (2.5, None)),
        range(3),
        {b"key": b"value"},
        MappingProxyType({"a": (True,), 1: []}),
        'caf\u00e9 \U0001f600 \\u0041 \\ud800 "',
    ],
    ids=repr,
)
def test_text_is_what_a_json_field_would_write(value: object) -> None:
    assert to_text(value) == json.dumps(normalize_json(value))
    assert storable(value) == json.loads(to_text(value))


@pytest.mark.parametrize(
    "value",
    [
        {"__type__": "uuid", "__value__": "none at all"},
        {"__type__": ["strange"], "__value__": 1},
        {"__type__": "decimal", "__value__": "x"},
        {"__type__": "unknown", "__value__": 1},
        {"__type__": "uuid", "__value__": {"hex": "0" * 32}, "more": 1},
    ],
    ids=repr,
)
def test_dict_that_only_looks_like_a_mark_is_left_as_it_is(value: dict[str, object]) -> None:
    assert revive([value]) == [value]


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 2, tzinfo=UTC),
        date(2026, 1, 2),
        Decimal("0.10"),
        UUID(int=1),
        b"x",
        b"\xff",
    ],
)
def test_marks_are_those_that_celery_writes_and_reads(value: object) -> None:
    assert json.loads(to_text([value], typed=True)) == json.loads(kombu_json.dumps([value]))
    assert revive(storable([value], typed=True)) == [value]
    assert kombu_json.loads(to_text([value], typed=True)) == [value]


def test_value_that_contains_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(UnstorableValue, match="must be JSON"):
        storable(loop)


def test_text_that_only_looks_like_nul_is_storable() -> None:
    assert storable("x\\u0000") == "x\\u0000"


def test_ids_grow_and_tell_the_time() -> None:
    ids = [new_id() for _ in range(2000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == 2000
    assert {value.version for value in ids} == {7}
    assert abs((ids[-1].int >> 80) / 1000 - time.time()) < 5


def test_custom_message_id_has_one_fixed_row_id() -> None:
    plain = uuid4()

    assert to_uuid(str(plain)) == plain
    assert to_uuid("payment-123") == to_uuid("payment-123") != to_uuid("payment-124")
    assert isinstance(to_uuid("payment-123"), UUID)


def test_marks_are_read_back_until_cleared() -> None:
    marks = Marks(3)
    mark = Mark(uuid4(), 7, NO_DEADLINE)

    marks.set(1, mark)
    assert marks.read() == [mark]

    marks.clear(1)
    assert marks.read() == []


def test_aliases_are_read_from_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "task_aliases.toml"
    file.write_text('[aliases]\n"emails.send" = "shop.tasks.send_email"\n')

    aliases = load_aliases(file)

    assert aliases.path("emails.send") == "shop.tasks.send_email"
    assert aliases.path("shop.tasks.other") == "shop.tasks.other"
    assert aliases.wire_name("shop.tasks.send_email") == "emails.send"
    assert aliases.wire_name("shop.tasks.other") == "shop.tasks.other"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "does not exist"),
        ("aliases = [", "not valid TOML"),
        ("[aliases]\nx = 1\n", "must hold lines like"),
    ],
)
def test_unusable_aliases_file_is_named(tmp_path, text: str | None, rule: str) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "task_aliases.toml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(ImproperlyConfigured, match=rule) as caught:
        load_aliases(file)

    assert str(file) in str(caught.value)
