"""The parts of the bench that need no server do what the figures rely on."""

from __future__ import annotations

import io
import socket
import time

import pytest
from click.testing import CliRunner
from rich.console import Console

from . import report
from .proxy import Meter, serve
from .records import Record, Records, percentile
from .targets import verdicts


def rated(peer: str, *rates: float) -> list[Record]:
    return [Record("drain", "c1", peer, n, {"rate": rate}) for n, rate in enumerate(rates)]


def test_a_ratio_is_of_medians_and_one_slow_round_does_not_move_it() -> None:
    records = Records([*rated("bridge", 4000, 10, 4200), *rated("django-ox", 400, 410, 5)])
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(report.table(records, "drain", "c1", ("rate",)))
    row = next(line for line in console.export_text().splitlines() if "django-ox" in line)
    assert "10x" in row
    assert "5-410" in row


def test_a_promise_is_kept_missed_or_not_measured() -> None:
    records = Records([*rated("bridge", 4000), *rated("django-ox", 300), *rated("limit", 90_000)])
    kept = {verdict.promise: verdict.kept for verdict in verdicts(records)}
    assert kept["drain c1: rate of us / django-ox"] is True
    assert kept["drain c1: rate of us / limit"] is False
    assert kept["drain c1: rate of us / celery-redis"] is None


def test_a_round_that_failed_has_no_figures() -> None:
    records = Records([*rated("bridge", 100), Record("drain", "c1", "bridge", 1, error="broke")])
    assert records.middle("drain", "c1", "bridge", "rate") == 100
    assert [record.error for record in records.errors()] == ["broke"]


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (95, 4), (100, 4), (0, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, value: int) -> None:
    assert percentile([4, 2, 1, 3], percent) == value


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def test_statements_are_counted_however_the_bytes_are_cut() -> None:
    encryption = (8).to_bytes(4) + (80877103).to_bytes(4)
    startup = (13).to_bytes(4) + b"\x00\x03\x00\x00user\x00"
    query, execute = message(b"Q", b"SELECT 1\x00"), message(b"E", b"\x00\x00\x00\x00\x00")
    said = encryption + startup + query + message(b"P", b"QEQE") + execute + message(b"S")
    for size in (1, 7, len(said)):
        meter = Meter()
        for start in range(0, len(said), size):
            meter.feed(said[start : start + size])
        assert meter.statements == 2


def test_the_proxy_delays_each_way_and_changes_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as echo, socket.create_server(("", 0)) as front:
        serve(front, echo.getsockname(), delay=0.05)
        with socket.create_connection(("127.0.0.1", front.getsockname()[1]), timeout=5) as client:
            start = time.monotonic()
            client.sendall(b"ping")
            server, _ = echo.accept()
            with server:
                server.sendall(server.recv(16))
                assert client.recv(16) == b"ping"
    assert time.monotonic() - start >= 0.1


@pytest.mark.parametrize("wrong", [["--only", "nonsense"], ["--peer", "nobody"]])
def test_an_unknown_name_is_refused_and_the_known_ones_are_named(wrong: list[str]) -> None:
    pytest.importorskip("psutil", reason="only `make bench` installs it")
    from .__main__ import main

    result = CliRunner().invoke(main, wrong)
    assert result.exit_code == 2
    assert "drain" in result.output or "django-ox" in result.output
