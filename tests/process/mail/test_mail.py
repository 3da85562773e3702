"""Mail from a project to a mail server, through a real worker."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.process.ledgers import DATABASES, Ledgers
from tests.process.project import Project, wait_for
from tests.smtp import Server, smtp_server

pytestmark = pytest.mark.process
MIB = 1 << 20


@pytest.fixture
def server() -> Iterator[Server]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def port(server: Server) -> int:
    return server.port


@pytest.fixture(params=list(DATABASES))
def mailing(
    request: pytest.FixtureRequest, tmp_path: Path, port: int, ledgers: Ledgers
) -> Iterator[Project]:
    """A project on the named database that sends mail to `port`."""
    with ledgers.lend(request.param) as ledger:
        environment = {
            **ledger.environment,
            "DJANGO_SETTINGS_MODULE": "tests.process.mail.settings",
            "BRIDGE_SMTP_PORT": str(port),
        }
        project = Project(environment, tmp_path)
        yield project
        project.end()


def test_mail_is_sent_by_the_worker(mailing: Project, server: Server) -> None:
    mailing.run(
        "from django.core.mail import send_mail, send_mass_mail, EmailMultiAlternatives\n"
        "send_mail('One', 'Body', None, ['a@example.com'])\n"
        "send_mass_mail([(s, 'Body', None, ['a@example.com']) for s in ('Two', 'Three')])\n"
        "big = EmailMultiAlternatives('Big ü', 'Body', None, ['a@example.com'])\n"
        "big.bcc = ['b@example.com']\n"
        "big.attach_alternative('<b>Body</b>', 'text/html')\n"
        f"big.attach('a.bin', bytes(range(256)) * {10 * MIB // 256}, 'application/octet-stream')\n"
        "big.send()"
    )
    assert not server.connections

    assert mailing.worker("--batch", "--queue", "mail").exit_code(120) == 0

    messages = [message_from_bytes(mail.data, policy=policy.default) for mail in server.received]
    assert sorted(message["Subject"] for message in messages) == ["Big ü", "One", "Three", "Two"]
    rows = mailing.run("give(list(TaskRow.objects.values('status', 'priority', 'return_value')))")
    assert {row["return_value"] for row in rows} == {message["Message-ID"] for message in messages}
    assert {(row["status"], row["priority"]) for row in rows} == {("SUCCESSFUL", 5)}
    (big,) = [mail for mail in server.received if len(mail.data) > MIB]
    assert big.recipients == ["a@example.com", "b@example.com"]
    (attachment,) = message_from_bytes(big.data, policy=policy.default).iter_attachments()
    content = attachment.get_content()
    expected = hashlib.sha256(bytes(range(256)) * (10 * MIB // 256))
    assert hashlib.sha256(content).digest() == expected.digest()


def test_refused_mail_ends_and_mail_that_has_to_wait_waits(
    mailing: Project, server: Server
) -> None:
    server.answers.recipients |= {"nobody@example.com": 550, "later@example.com": 451}
    mailing.run(
        "from django.core.mail import EmailMessage\n"
        "for name in ('nobody', 'later'):\n"
        "    EmailMessage('s', 'b', None, [f'{name}@example.com']).send()"
    )
    mailing.worker()

    refused, waiting = wait_for(
        lambda: (rows := mailing.rows())[0]["status"] == "FAILED" and rows[1]["errors"] and rows,
        "both answers",
    )

    assert [error["exception_class_path"] for error in refused["errors"]] == [
        "bridge.mail.errors.Refused"
    ]
    assert waiting["status"] == "READY"
    assert waiting["run_after"] > waiting["last_attempted_at"]

    server.answers.recipients.clear()
    mailing.run("TaskRow.objects.filter(status='READY').update(wake_at=None, run_after=None)")
    wait_for(lambda: server.received, "the mail")
    (mail,) = server.received
    assert re.search(rb"(?m)^Message-ID: (.*)\r$", mail.data)[1].decode() in str(waiting)  # type: ignore[index]


class TestWithoutServer:
    """Nothing listens where the mail server should be."""

    @pytest.fixture
    def port(self) -> Iterator[int]:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            yield unused.getsockname()[1]

    def test_server_that_is_away_costs_no_mail(self, mailing: Project, port: int) -> None:
        mailing.run(
            "from django.core.mail import EmailMessage\n"
            "EmailMessage('s', 'b', None, ['a@example.com']).send()"
        )
        mailing.worker()

        row = wait_for(lambda: (row := mailing.row())["errors"] and row, "the first attempt")

        assert row["status"] == "READY"
        assert row["errors"][0]["exception_class_path"] == "bridge.mail.errors.NotSent"
        assert "ConnectionRefusedError" in row["errors"][0]["traceback"]
