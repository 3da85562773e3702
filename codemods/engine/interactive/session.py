"""Questions and answers on a terminal, or on any other pair of streams."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import click

from codemods.engine.interactive.groups import Group, groups_of
from codemods.engine.interactive.hunks import hunks
from codemods.engine.plan import Plan
from codemods.engine.site import Kind, Rule

_HELP = """y  yes, do it
n  no, leave it as it is, every file of it
a  yes, and to all that is left
q  no, and to all that is left; what was answered with yes is done
e  explain the rules
?  this help
Ctrl+C ends everything, nothing is written."""
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(slots=True)
class Session:
    """One walk through a plan."""

    plan: Plan
    rules: tuple[Rule, ...]
    declined: set[str] = field(default_factory=set)
    """Ids of the sites a person does not want."""

    def run(self) -> frozenset[str]:
        """Ask about everything and return the ids of what was declined."""
        groups = groups_of(self.plan.sites)
        for number, group in enumerate(groups, 1):
            self._show(group, f"({number}/{len(groups)})")
            answer = self._answer(group)
            if answer == "a":
                break
            if answer == "q":
                for rest in groups[number - 1 :]:
                    self.declined |= rest.ids
                break
            if answer == "n":
                self.declined |= group.ids
        return frozenset(self.declined)

    def _answer(self, group: Group) -> str:
        while True:
            _say("Do this [y,n,a,q,e,?]? ", end="")
            line = sys.stdin.buffer.readline()
            if not line:
                _say("")
                return "q"
            key = line.decode("ascii", "replace").strip().lower()[:1]
            if key and key in "ynaq":
                return key
            for text in self._explain(group) if key == "e" else _HELP.splitlines():
                _say(f"  {text}")

    def _show(self, group: Group, count: str) -> None:
        _say("")
        _say(f"{group.name}  {count}", bold=True)
        for site in group.sites:
            mark = "" if site.kind is Kind.REWRITE else f" [{site.kind}]"
            _say(f"  {site.where}  {site.code}{mark}  {site.reason}")
        for change in self.plan.changes:
            lines = {site.line for site in group.sites if site.path == change.label}
            if lines:
                for text in hunks(change, lines):
                    _say(text, colour=_COLOURS.get(text[:1]))

    def _explain(self, group: Group) -> Iterator[str]:
        codes = {site.code for site in group.sites}
        for rule in self.rules:
            if rule.code in codes:
                yield f"{rule.code}  {rule.title}"
                yield f"  {rule.explanation}"


def _say(text: str, *, end: str = "\n", bold: bool = False, colour: str | None = None) -> None:
    """Print on stderr whatever its encoding can say of the text."""
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    safe = text.encode(encoding, "backslashreplace").decode(encoding)
    click.secho(safe + end, err=True, nl=False, bold=bold, fg=colour)
