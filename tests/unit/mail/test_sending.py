"""What the worker does with a message, and with the answers of a mail server."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.locmem import EmailBackend as Locmem
from django.test import override_settings

from bridge.interface import TaskResultStatus, task_finished
from bridge.mail import NotSent, Refused
from bridge.mail.options import options_of
from bridge.mail.parcel import pack
from bridge.mail.tasks import send_message
from bridge.result import AnyResult
from tests.smtp import Server
from tests.unit.mail.conftest import IMMEDIATE, OURS, mail_settings
from tests.unit.mail.messages import simple

pytestmark = pytest.mark.usefixtures("at_once")
MAILERS = pytest.mark.skipif(django.VERSION < (6, 1), reason="MAILERS is new in Django 6.1")


class Choosy(Locmem):
    """An email backend of somebody else's that takes one option."""

    def __init__(self, region: str, **options: Any) -> None:
        super().__init__(**options)
        self.region = region


@pytest.fixture
def results() -> Iterator[list[AnyResult]]:
    """The results of the tasks that have ended."""
    ended: list[AnyResult] = []

    def receive(task_result: AnyResult, **_: Any) -> None:
        ended.append(task_result)

    task_finished.connect(receive)
    yield ended
    task_finished.disconnect(receive)


def test_result_is_the_message_id_that_was_sent(server: Server, results: list[AnyResult]) -> None:
    simple().send()

    (mail,), (result,) = server.received, results
    assert f"Message-ID: {result.return_value}\r\n".encode() in mail.data


def test_refused_message_is_not_sent_again(server: Server, results: list[AnyResult]) -> None:
    server.answers.recipients["nobody@example.com"] = 550

    simple(to=["nobody@example.com"], headers={"Message-ID": "<1@example.com>"}).send()

    (result,) = results
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 1)
    assert result.errors[0].exception_class is Refused
    assert "<1@example.com> to nobody@example.com: SMTPRecipientsRefused: " in (
        result.errors[0].traceback
    )


def test_message_that_some_take_is_sent_to_them(server: Server, results: list[AnyResult]) -> None:
    server.answers.recipients["nobody@example.com"] = 550

    simple(to=["nobody@example.com", "a@example.com"]).send()

    assert [mail.recipients for mail in server.received] == [["a@example.com"]]
    assert results[0].status == TaskResultStatus.SUCCESSFUL


@pytest.mark.parametrize("codes", [[451], [421, 452]])
def test_message_that_had_to_wait_is_sent_as_the_same_message(
    server: Server, results: list[AnyResult], codes: list[int]
) -> None:
    server.answers.data = list(codes)

    simple().send()

    (result,), (mail,) = results, server.received
    assert result.attempts == len(codes) + 1
    assert {error.exception_class for error in result.errors} == {NotSent}
    assert str(result.return_value).encode() in mail.data


def test_message_that_is_refused_by_its_data_is_not_sent_again(
    server: Server, results: list[AnyResult]
) -> None:
    server.answers.data = [554]

    simple().send()

    assert (results[0].attempts, server.received) == (1, [])


def test_server_that_never_answers_well_gets_twelve_tries(results: list[AnyResult]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with override_settings(**mail_settings(OURS, unused.getsockname()[1])):
            simple().send()

    assert (results[0].status, results[0].attempts) == (TaskResultStatus.FAILED, 12)
    assert "ConnectionRefusedError" in results[0].errors[-1].traceback
    waits = [send_message.retry.wait(attempt) for attempt in range(1, 12)]
    assert 16 < sum(waits) / 3600 < 18


@pytest.mark.parametrize("greeting", [421, 554])
def test_server_that_wants_nobody_now_is_asked_again(
    server: Server, results: list[AnyResult], greeting: int
) -> None:
    server.answers.greeting = greeting

    simple().send()

    assert results[0].attempts == 12


@pytest.mark.parametrize(("code", "attempts"), [(550, 1), (450, 12), (530, 12)])
def test_sender_may_be_refused_for_good_for_now_or_for_want_of_a_login(
    server: Server, results: list[AnyResult], code: int, attempts: int
) -> None:
    server.answers.sender = code

    simple().send()

    assert results[0].attempts == attempts


def test_message_of_another_django_gets_what_this_one_expects(server: Server) -> None:
    parcel = pack(simple())
    del parcel["state"]["reply_to"], parcel["state"]["cc"]

    send_message.func(parcel, _mailer())

    assert len(server.received) == 1


def test_address_that_is_none_is_refused(results: list[AnyResult]) -> None:
    simple(to=["a@example.com"], bcc=["not an address @@"]).send()

    assert results[0].attempts == 1
    assert results[0].errors[0].exception_class is Refused


def test_silent_server_does_not_hold_a_worker() -> None:
    assert options_of(_mailer()).connect().timeout == 60  # type: ignore[attr-defined]
    with override_settings(**mail_settings(OURS, 1, timeout=5)):
        assert options_of(_mailer()).connect().timeout == 5  # type: ignore[attr-defined]


def test_other_backend_sends_with_options_of_its_own(tmp_path: Path) -> None:
    with override_settings(**_only("filebased.EmailBackend", file_path=str(tmp_path))):
        simple(subject="In a file").send()

    (file,) = tmp_path.iterdir()
    assert "Subject: In a file" in file.read_text()


def test_backend_of_others_sends(mailoutbox: list[Any]) -> None:
    with override_settings(**_only(f"{__name__}.Choosy", region="eu")):
        simple().send()
        assert options_of(_mailer()).connect().region == "eu"  # type: ignore[attr-defined]

    assert [message.subject for message in mailoutbox] == ["Hello"]


@pytest.mark.parametrize(
    ("backend", "rule"),
    [("no.such.Backend", "the path of an email backend"), (OURS, "the backend that sends")],
)
def test_backend_that_cannot_send_is_a_wrong_setting(backend: str, rule: str) -> None:
    with (
        override_settings(**_only(backend)),
        pytest.raises(ImproperlyConfigured, match=rf"^backend of .* must be {rule}.*{backend!r}"),
    ):
        options_of(_mailer()).connect()


@MAILERS
def test_mail_in_the_queue_is_sent_when_its_mailer_sends_by_itself_now(
    mailoutbox: list[Any],
) -> None:
    parcel = pack(simple())
    locmem = {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
    with override_settings(MAILERS={"default": locmem, "other": locmem}):
        send_message(parcel, "other")
        send_message(parcel)  # from before MAILERS

    assert [message.sent_using for message in mailoutbox] == ["other", "default"]


@MAILERS
def test_mail_whose_mailer_is_gone_says_so() -> None:
    with pytest.raises(NotSent, match=re.escape("MAILERS has no 'gone'")):
        send_message(pack(simple()), "gone")


def _mailer() -> str | None:
    return "default" if django.VERSION >= (6, 1) else None


def _only(backend: str, **options: Any) -> dict[str, Any]:
    path = f"django.core.mail.backends.{backend}" if backend.startswith("file") else backend
    given = {"backend": path, **options}
    if django.VERSION >= (6, 1):
        settings: dict[str, Any] = {"MAILERS": {"default": {"BACKEND": OURS, "OPTIONS": given}}}
    else:
        settings = {"EMAIL_BACKEND": OURS, "BRIDGE_MAIL": given}
    return settings | {"TASKS": {"default": IMMEDIATE}}
