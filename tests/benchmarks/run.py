"""A run of the bench: who, how long, and where the records go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.services import MARIADB, POSTGRES

from .peers import Peer
from .records import Metrics, Record, Records
from .stage import Stage, Stages

SERVERS = {"postgresql": POSTGRES, "mysql": MARIADB}


@dataclass
class Run:
    """What scenarios are given. `seconds` is how long one drain is to take."""

    full: bool
    peers: tuple[Peer, ...]
    stages: Stages
    say: Callable[[str], None]
    records: Records = field(default_factory=Records)

    @property
    def rounds(self) -> int:
        return 3 if self.full else 2

    @property
    def seconds(self) -> float:
        return 4.0 if self.full else 0.8

    def on(self, kind: str, *names: str) -> list[Peer]:
        """Return the peers, or those of them with these names, that work on a kind of database."""
        server = SERVERS.get(kind)
        if server is not None and not server.is_up():
            self.say(f"{server.name} does not answer on port {server.port}: left out")
            return []
        return [
            peer for peer in self.peers if kind in peer.kinds and (not names or peer.name in names)
        ]

    def measure(
        self,
        scenario: str,
        cell: str,
        peer: Peer,
        kind: str,
        number: int,
        call: Callable[[Stage], Metrics],
    ) -> None:
        """Record what a call returns for a peer's empty stage on a kind of database."""
        self.say(f"{scenario} {cell}: {peer.name}, round {number + 1}")
        self.attempt(scenario, cell, peer, number, lambda: call(self.stages.get(peer, kind)))

    def attempt(
        self, scenario: str, cell: str, peer: Peer, number: int, call: Callable[[], Metrics]
    ) -> None:
        """Record what a call returns, or its error: a peer that breaks must not end the run."""
        try:
            self.records.append(Record(scenario, cell, peer.name, number, call()))
        except Exception as error:
            self.fail(scenario, cell, peer, error, number)

    def fail(self, scenario: str, cell: str, peer: Peer, error: Exception, number: int = 0) -> None:
        """Record that a peer could not be measured."""
        text = "\n".join((str(error).strip() or repr(error)).splitlines()[-3:])
        self.say(f"  {text}")
        self.records.append(Record(scenario, cell, peer.name, number, error=text))

    def interleave(
        self, peers: list[Peer], rounds: int | None = None
    ) -> Iterator[tuple[int, Peer]]:
        """Yield every peer once per round: what disturbs the machine disturbs all of them."""
        for number in range(rounds or self.rounds):
            for peer in peers:
                yield number, peer
