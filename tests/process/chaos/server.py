"""A PostgreSQL server of our own, to be stopped and started at will."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.services import POSTGRES


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, None where they are not installed."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    return max(
        (path.parent for path in folders), key=lambda path: int(path.parts[-2]), default=None
    )


class Server:
    """One cluster in a temporary folder, on a free port, trusting everybody on loopback."""

    def __init__(self, folder_of_programs: Path) -> None:
        self._programs = folder_of_programs
        # PostgreSQL refuses to run as root.
        self._user = POSTGRES.user if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="bridge-chaos-"))
        if self._user:
            shutil.chown(self.folder, self._user)
        self.port = _free_port()
        self._run(
            "initdb",
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            f"--username={POSTGRES.user}",
            f"--pgdata={self.folder / 'data'}",
        )
        self.start()

    def start(self) -> None:
        """Start, and return once it takes connections."""
        options = (
            f"-p {self.port} -c listen_addresses={POSTGRES.host} -c fsync=off "
            f"-c unix_socket_directories={self.folder}"
        )
        self._control("start", "--wait", "--options", options, "--log", str(self.folder / "log"))

    def stop(self, mode: str) -> None:
        """Stop: "fast" ends every connection, "immediate" is a crash."""
        self._control("stop", "--wait", "--mode", mode)

    def destroy(self) -> None:
        """Stop and leave nothing behind."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder)

    def _control(self, verb: str, *arguments: str) -> None:
        self._run("pg_ctl", verb, f"--pgdata={self.folder / 'data'}", "--silent", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file: a pipe would stay open as long as the server runs.
        with (self.folder / "commands").open("ab") as output:
            subprocess.run(
                [self._programs / program, *arguments],
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
                timeout=60,
            )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((POSTGRES.host, 0))
        return int(probe.getsockname()[1])
