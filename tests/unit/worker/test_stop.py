from __future__ import annotations

import os
import signal
import time

import pytest

from bridge.worker.stop import Stop


def test_first_signal_asks_and_the_second_forces_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = Stop("w1", 30)
    with caplog.at_level("INFO", "bridge.worker"), stop.listening():
        os.kill(os.getpid(), signal.SIGTERM)
        assert (stop.asked, stop.out_of_time()) == (True, False)
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.out_of_time()

    first, second = caplog.messages
    assert first == (
        "worker=w1 signal=SIGTERM stopping: running tasks have 30 s to finish, "
        "a second signal kills them"
    )
    assert second == "worker=w1 second signal: kills the tasks that still run"


def test_time_is_out_once_the_grace_is_over() -> None:
    stop = Stop("w1", 0.05)
    assert not stop.out_of_time()
    stop.ask()
    assert not stop.out_of_time()
    time.sleep(0.06)
    stop.ask()  # asking again buys no time

    assert stop.out_of_time()
    assert not stop.out_of_time(60)


def test_ctrl_c_is_left_to_the_watcher_and_its_sigterm_counts() -> None:
    stop = Stop("w1", 30, watched=True)
    with stop.listening():
        os.kill(os.getpid(), signal.SIGINT)
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked


def test_signals_are_given_back_at_the_end() -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    with Stop("w1", 30).listening():
        assert signal.getsignal(signal.SIGTERM) != before[0]

    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize(("grace", "signals"), [(0.05, 1), (30, 2), (30, 3)])
def test_worker_that_hears_of_nothing_ends_a_while_after_its_time(
    grace: float, signals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr("bridge.worker.stop.LAST", 0.1)
    monkeypatch.setattr(os, "_exit", codes.append)

    with Stop("w1", grace).listening():
        for _ in range(signals):
            os.kill(os.getpid(), signal.SIGTERM)
        assert codes == []
        time.sleep(0.4)

    assert codes == [1]
