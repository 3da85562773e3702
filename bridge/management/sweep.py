"""A command that does one thing to many tasks: it asks, shows, and stops where it is told to."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge.backends.ledger import LedgerBackend
from bridge.ledger.selecting import Found, Meant
from bridge.management.arguments import Formatter
from bridge.management.interrupt import INTERRUPTED, ending, held_back
from bridge.management.meant import EPILOG, ledger_backends

Answers = dict[str, Any]
"""What became of each task, by its id; those that others were writing are left out."""


class Sweep(BaseCommand):
    """Subclasses say what is done to a page of tasks, and how that is told."""

    verb = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the exit codes to the help."""
        return super().create_parser(
            prog_name, subcommand, epilog=EPILOG, formatter_class=Formatter, **kwargs
        )

    def act(self, backend: LedgerBackend, ids: list[str], *, skip_locked: bool) -> Answers:
        """Do it, in one commit."""
        raise NotImplementedError

    def tell(self, answers: Counter[Any], *, end: str) -> None:
        """Say what became of the tasks."""
        raise NotImplementedError

    def sweep(self, meant: Meant, options: dict[str, Any]) -> None:
        """Do it to all tasks that are meant, or say which they are."""
        backends = ledger_backends(options["backend"])
        if options["dry_run"]:
            self._show(self._count(backends, meant, options["limit"]), options)
            return
        if options["interactive"] and not meant.is_narrow:
            self._confirm(self._count(backends, meant, options["limit"]))
        answers: dict[str, Any] = {}
        try:
            for backend, ids in _pages(backends, meant, options["limit"]):
                self._act(backend, ids, answers)
        except KeyboardInterrupt as error:
            self._tell(answers, options, end=f" It was interrupted{ending(error)}.")
            sys.exit(INTERRUPTED)
        self._tell(answers, options)
        if missed := [str(key) for key in meant.ids if not answers.get(str(key))]:
            raise CommandError(
                f"Left as {'it is' if len(missed) == 1 else 'they are'}: {', '.join(missed)}. "
                f"They may be unknown to --backend {options['backend']}, or not "
                f"{' or '.join(meant.statuses)}."
            )

    def _act(self, backend: LedgerBackend, ids: list[str], answers: Answers) -> None:
        with held_back():
            answers.update(self.act(backend, ids, skip_locked=True))
        # Who waits for a row holds no other: nobody waits for him in turn.
        for each in ids:
            if each not in answers:
                with held_back():
                    answers.update(self.act(backend, [each], skip_locked=False))

    def _count(
        self, backends: Sequence[LedgerBackend], meant: Meant, limit: int | None
    ) -> Counter[tuple[str, str]]:
        return Counter(
            (found.task_path, found.queue_name)
            for _, page in _found(backends, meant, limit)
            for found in page
        )

    def _show(self, counts: Counter[tuple[str, str]], options: dict[str, Any]) -> None:
        if not options["verbosity"]:
            return
        self.stdout.write(f"Would {self.verb} {counts.total()} task(s){':' if counts else '.'}")
        width = max((len(path) for path, _ in counts), default=0)
        for (path, queue), number in counts.most_common():
            self.stdout.write(f"{number:>9}  {path:<{width}}  {queue}")

    def _confirm(self, counts: Counter[tuple[str, str]]) -> None:
        question = f"This will {self.verb} {counts.total()} task(s). Go on? [y/N] "
        try:
            answer = input(question) if counts else "y"
        except EOFError as error:
            raise CommandError(
                f"{question.partition(' Go on?')[0]} Nobody is here to ask. Say which with --id or "
                "--task, or add --no-input."
            ) from error
        if answer.strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was changed.")

    def _tell(self, answers: Answers, options: dict[str, Any], *, end: str = "") -> None:
        if options["verbosity"]:
            self.tell(Counter(answers.values()), end=end)


def _pages(
    backends: Sequence[LedgerBackend], meant: Meant, limit: int | None
) -> Iterator[tuple[LedgerBackend, list[str]]]:
    for backend, page in _found(backends, meant, limit):
        yield backend, [str(found.id) for found in page]


def _found(
    backends: Sequence[LedgerBackend], meant: Meant, limit: int | None
) -> Iterator[tuple[LedgerBackend, list[Found]]]:
    for backend in backends:
        for page in meant.pages(backend.store.tasks.filter(backend=backend.alias)):
            found = page if limit is None else list(islice(page, limit))
            yield backend, found
            if limit is not None:
                limit -= len(found)
                if not limit:
                    return
