"""What the codemod's report asks a person to change in the shop, and what that person writes."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from .processes import StepFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A function to write again, in a file that the report names with this code."""

    file: str
    code: str
    imports: tuple[str, str]
    function: str
    body: str  # indented as in the file, below a class

    @property
    def text(self) -> str:
        return dedent(f"    # {self.file}\n    def {self.function}(self):\n{self.body}")

    def apply(self, folder: Path, report: str) -> None:
        """Change the file, or raise StepFailed if the report does not ask for it."""
        if not re.search(rf"{re.escape(self.file)}:\d+ +{self.code}\b", report):
            raise StepFailed(f"The report does not name {self.file} with {self.code}.")
        path = folder / self.file
        text = path.read_text().replace(*self.imports)
        head = re.escape(f"    def {self.function}(self):\n")
        changed = re.sub(rf"(?<={head})(?:(?: {{8}}.*)?\n)+?(?=\n|\Z)", self.body, text)
        if changed == text:
            raise StepFailed(f"{self.file} has no {self.function} any more: mend tests/demo.")
        path.write_text(changed)


EDITS = [
    Edit(
        file="orders/tests/test_tasks.py",
        code="CEL606",
        imports=("from celery.exceptions import Retry\n", "from bridge import Retry\n"),
        function="test_waits_one_second_before_the_second_attempt",
        body=(
            '        order = make_order(card="timeout")\n'
            '        with self.assertLogs("orders.tasks", "WARNING"):\n'
            "            with self.assertRaises(Retry) as asked:\n"
            "                tasks.charge_payment(order.pk)\n"
            "        self.assertEqual(asked.exception.delay, 1)\n"
        ),
    ),
]
