"""E008: bridge.mail."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from tests.unit.checks.found import find
from tests.unit.mail.conftest import OURS, SMTP, mail_settings


def settings_with(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a mailer of ours with these options."""
    settings = mail_settings(OURS, 25)
    if "MAILERS" in settings:
        settings["MAILERS"]["default"]["OPTIONS"].update(options)
    else:
        settings["BRIDGE_MAIL"] = options
    return settings


pytestmark = pytest.mark.filterwarnings("ignore:The EMAIL")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"queue_name": "nowhere"}, "nowhere"),
        ({"task_backend": "nowhere"}, "nowhere"),
        ({"backend": "no.such.Backend"}, "must be the path of an email backend"),
        ({"backend": OURS}, "not 'bridge.mail.EmailBackend' itself"),
    ],
)
def test_mailer_that_cannot_work(options: dict[str, Any], words: str) -> None:
    with override_settings(**settings_with(options)):
        (error,) = find("E008")

    assert words in error.msg


def test_mailer_that_can() -> None:
    with override_settings(**mail_settings(OURS, 25, queue_name="mail")):
        assert find("E008") == []


def test_other_mailers_are_none_of_ours() -> None:
    with override_settings(**mail_settings(SMTP, 25)):
        assert find("E008") == []
