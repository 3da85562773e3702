"""Mail as the caller sees it: what is enqueued, what is refused at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterator
from email.charset import Charset
from email.utils import parsedate_to_datetime
from typing import Any
from unittest import mock

import django
import pytest
from django.core import mail
from django.core.mail import EmailMessage, mail_admins, send_mail, send_mass_mail
from django.db import OperationalError, transaction
from django.test import override_settings
from django.utils import timezone, translation
from django.utils.log import AdminEmailHandler
from django.utils.translation import gettext_lazy

from bridge.interface import DjangoTask, task_backends, tasks_logger
from bridge.ledger.models import TaskRow
from bridge.mail import EmailBackend, MessageTooBig, backend
from bridge.mail.parcel import unpack
from tests.smtp import Server
from tests.unit.mail.conftest import OURS, mail_settings
from tests.unit.mail.messages import Stamped, simple

DJANGO = DjangoTask.__module__.partition(".base")[0]
ADMINS = ["admin@example.com"] if django.VERSION >= (6, 0) else [("Admin", "admin@example.com")]
MAILERS = pytest.mark.skipif(django.VERSION < (6, 1), reason="MAILERS is new in Django 6.1")
NO_MAILERS = pytest.mark.skipif(django.VERSION >= (6, 1), reason="MAILERS takes its place")


@pytest.fixture
def _ledger(queued: None, transactional_db: None) -> None:
    """Mail becomes rows."""


def rows() -> list[TaskRow]:
    return list(TaskRow.objects.order_by("id"))


def enqueued() -> list[EmailMessage]:
    return [unpack(row.args[0]) for row in rows()]


@pytest.mark.usefixtures("_ledger")
def test_message_is_a_task_and_nothing_is_sent(server: Server) -> None:
    assert send_mail("Subject", "Body", None, ["a@example.com"], html_message="<b>B</b>") == 1

    (row,) = rows()
    assert row.task_path == "bridge.mail.tasks.send_message"
    assert row.queue_name == "default"
    (message,) = enqueued()
    assert message.from_email == "webmaster@localhost"
    assert message.alternatives == [("<b>B</b>", "text/html")]  # type: ignore[attr-defined]
    assert not server.connections


@pytest.mark.usefixtures("_ledger")
def test_each_message_is_a_task_and_one_without_recipients_is_none(
    django_assert_max_num_queries: Any,
) -> None:
    mails = [("s", "b", "me@example.com", to) for to in (["a@example.com"], [], ["b@example.com"])]

    with django_assert_max_num_queries(4):  # BEGIN, one INSERT, COMMIT
        assert send_mass_mail(mails) == 2

    assert [message.to for message in enqueued()] == [["a@example.com"], ["b@example.com"]]


@pytest.mark.usefixtures("_ledger")
def test_nothing_to_send_enqueues_nothing() -> None:
    assert EmailBackend().send_messages([]) == 0
    assert EmailBackend().send_messages([simple(to=[])]) == 0
    assert rows() == []


@pytest.mark.usefixtures("_ledger")
def test_mail_belongs_to_the_callers_transaction() -> None:
    with transaction.atomic():
        simple().send()
        transaction.set_rollback(True)

    assert rows() == []


@pytest.mark.usefixtures("_ledger")
def test_options_choose_queue_priority_and_task_backend() -> None:
    ledger = {"BACKEND": "bridge.DatabaseBackend", "QUEUES": ["mail"]}
    options = {"task_backend": "later", "queue_name": "mail", "priority": 7}
    tasks = {"default": {"BACKEND": "bridge.DummyBackend"}, "later": ledger}
    with override_settings(TASKS=tasks, **mail_settings(OURS, 1, **options)):
        simple().send()

    (row,) = rows()
    assert (row.backend, row.queue_name, row.priority) == ("later", "mail", 7)


@pytest.mark.parametrize("backend", ["dummy.DummyBackend", "immediate.ImmediateBackend"])
def test_backends_of_others_carry_mail(backend: str, server: Server) -> None:
    tasks = {"default": {"BACKEND": f"{DJANGO}.backends.{backend}"}}
    tasks["default"] |= {"OPTIONS": {}}
    tasks["foreign"] = tasks["default"]
    options = {"task_backend": "foreign"}
    with override_settings(TASKS=tasks, **mail_settings(OURS, server.port, **options)):
        assert send_mass_mail([("s", "b", "me@example.com", ["a@example.com"])] * 2) == 2
        waiting = getattr(task_backends["foreign"], "results", [])

    if backend.startswith("dummy"):
        assert [type(result.task) for result in waiting] == [DjangoTask] * 2
        assert [unpack(result.args[0]).to for result in waiting] == [["a@example.com"]] * 2
    else:
        assert len(server.received) == 2


@pytest.mark.usefixtures("_ledger")
def test_header_nobody_can_send_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"(?i)newline|linefeed"):
        simple(subject="Hello\nBcc: everybody@example.com").send()

    assert rows() == []


@pytest.mark.usefixtures("_ledger")
def test_message_that_is_too_big_is_refused_at_once() -> None:
    with override_settings(**mail_settings(OURS, 1, max_size=20_000)):
        simple(body="x" * 19_000).send()
        with pytest.raises(MessageTooBig, match=r"max_size of .* is 20,000\. Send a link"):
            send_mass_mail([("s", text, None, ["a@example.com"]) for text in ("x", "x" * 20_000)])

    assert len(rows()) == 1


@pytest.mark.usefixtures("_ledger")
def test_value_that_cannot_wait_is_refused_by_name() -> None:
    class Local(EmailMessage):
        pass

    message = simple()
    message.metadata = {"request": object()}  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match=r"^metadata of the message holds <object"):
        message.send()
    with pytest.raises(TypeError, match="at the top of its module"):
        Local("s", "b", None, ["a@example.com"]).send()


@pytest.mark.usefixtures("_ledger")
def test_what_others_add_to_a_message_goes_with_it() -> None:
    message = Stamped("s", "b", None, ["a@example.com"])
    added = {
        "tags": ["welcome"],
        "send_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "day": dt.date(2026, 1, 1),
        "charset": Charset("iso-8859-1"),
        "merge_data": {"a@example.com": {"$name": gettext_lazy("Ann")}, 7: (b"\0", "\0", None)},
    }
    vars(message).update(added)

    message.send()

    (received,) = enqueued()
    assert type(received) is Stamped
    assert {name: getattr(received, name) for name in added} == added


@pytest.mark.usefixtures("_ledger")
def test_lazy_texts_are_in_the_language_of_the_caller() -> None:
    with translation.override("de"):
        simple(subject=gettext_lazy("Yes"), to=[gettext_lazy("No")]).send()

    (message,) = enqueued()
    assert (message.subject, message.to) == ("Ja", ["Nein"])


@pytest.mark.usefixtures("_ledger")
@pytest.mark.parametrize("local", [True, False])
def test_message_id_and_date_are_those_of_the_moment_it_was_enqueued(local: bool) -> None:
    with (
        override_settings(EMAIL_USE_LOCALTIME=local),
        timezone.override(dt.timezone(dt.timedelta(hours=5))),
    ):
        simple().send()
        simple(headers={"message-id": "<mine@example.com>"}).send()

    headers, given = [message.extra_headers for message in enqueued()]
    assert headers["Message-ID"].startswith("<")
    at = parsedate_to_datetime(headers["Date"])
    assert abs(at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert at.utcoffset() == dt.timedelta(hours=5 if local else 0)
    assert list(given) == ["Date", "message-id"]


@pytest.mark.usefixtures("_ledger")
def test_secrets_given_in_code_stay_out_of_the_queue() -> None:
    with pytest.raises(TypeError, match=r"takes no 'password' from code.* Put it into"):
        EmailBackend(password="secret")

    EmailBackend(username=None, password=None)


@NO_MAILERS
@pytest.mark.usefixtures("_ledger")
def test_fail_silently_keeps_a_queue_that_is_away_quiet() -> None:
    with away():
        assert send_mail("s", "b", None, ["a@example.com"], fail_silently=True) == 0
        with pytest.raises(OperationalError):
            send_mail("s", "b", None, ["a@example.com"])


@MAILERS
@pytest.mark.usefixtures("_ledger")
def test_fail_silently_of_a_mailer_keeps_a_queue_that_is_away_quiet() -> None:
    with away(), pytest.raises(OperationalError):
        simple().send()
    with away(), override_settings(**mail_settings(OURS, 1, fail_silently=True)):
        assert simple().send() == 0


def away() -> Any:
    return mock.patch(
        "bridge.backends.database.DatabaseBackend.enqueue", side_effect=OperationalError
    )


@pytest.mark.usefixtures("_ledger")
def test_coroutine_sends_mail() -> None:
    async def view() -> int:
        return simple().send()

    with mock.patch.object(backend, "connections") as connections:
        assert asyncio.run(view()) == 1
    assert len(rows()) == 1
    connections.close_all.assert_called_once_with()  # those of the thread


@pytest.fixture
def _logged_to_admins() -> Iterator[None]:
    """Errors of tasks and of the shop go to ADMINS, and to them only once."""
    handler = AdminEmailHandler()
    handler.setLevel(logging.ERROR)
    loggers = [tasks_logger, logging.getLogger("shop")]
    for logger in loggers:
        logger.addHandler(handler)
    with (
        mock.patch.object(logging.getLogger("django"), "handlers", []),
        override_settings(ADMINS=ADMINS, SERVER_EMAIL="root@example.com"),
    ):
        yield
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.usefixtures("at_once", "_logged_to_admins")
def test_admins_get_mail(server: Server) -> None:
    mail_admins("Hello", "Body")
    logging.getLogger("shop").error("It broke")

    assert [each.recipients for each in server.received] == [["admin@example.com"]] * 2
    assert b"Subject: [Django] ERROR: It broke" in server.received[1].data


@pytest.mark.usefixtures("at_once", "_logged_to_admins")
def test_admins_are_told_of_mail_that_was_refused(server: Server) -> None:
    server.answers.recipients["nobody@example.com"] = 550

    simple(to=["nobody@example.com"]).send()

    (report,) = server.received
    assert report.recipients == ["admin@example.com"]
    assert b"path=bridge.mail.tasks.send_message" in report.data


@pytest.mark.usefixtures("at_once", "_logged_to_admins")
def test_report_that_is_refused_is_reported_to_nobody(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers.recipients |= {"nobody@example.com": 550, "admin@example.com": 550}

    simple(to=["nobody@example.com"]).send()

    assert server.received == []
    failed = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    # A record gets here after it went to ADMINS.
    assert ["send_report" in text for text in failed] == [True, False]
    assert ["send_message" in text for text in failed] == [False, True]


@MAILERS
@pytest.mark.usefixtures("_ledger")
def test_mailer_is_chosen_by_name() -> None:
    mailers = {
        "default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"},
        "later": {"BACKEND": OURS, "OPTIONS": {"host": "mail.example.com"}},
    }
    with override_settings(MAILERS=mailers):
        mail.mailers["later"].send_messages([simple()])

    (row,) = rows()
    assert row.args[1] == "later"
