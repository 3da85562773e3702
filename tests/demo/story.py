"""The migration of a real Celery project, told step by step and checked at each."""

import re
from dataclasses import dataclass
from pathlib import Path

from .audit import Audit, Count
from .by_hand import EDITS
from .processes import Crew, StepFailed
from .screen import Screen
from .shop import Shop
from .traffic import Traffic

OLD, NEW, DATABASE = "old worker", "new worker", "database worker"
SHORTEST_COUNTDOWN = 15
CODEMOD = ("-m", "codemods.celery_to_dep")

BEFORE = "old code, before the rewrite"
HELD = "old code, held back"
BESIDE_OLD = "old code, side by side"
BESIDE_NEW = "new code, side by side"
ON_DATABASE = "new code, on the database"


@dataclass(slots=True, kw_only=True)
class Story:
    """The steps in their order; each raises StepFailed unless it proves its point."""

    crew: Crew
    screen: Screen
    traffic: Traffic
    old: Shop
    new: Shop
    report: str = ""
    tests: int = 0

    @classmethod
    def begin(cls, folder: Path, crew: Crew, screen: Screen) -> "Story":
        """Copy the shop twice: the code as it is, and the code that will be rewritten."""
        old, new = (Shop.copy(name, shared=folder, crew=crew) for name in ("before", "after"))
        traffic = Traffic(crew=crew, audit=Audit(database=folder / "shop.sqlite3"))
        return cls(crew=crew, screen=screen, traffic=traffic, old=old, new=new)

    def tell(self) -> None:
        """Tell everything, in order."""
        self.shop_at_work()
        self.rewrite()
        self.side_by_side()
        self.retire_the_old_worker()
        self.leave_the_broker()
        self.count_everything()

    def shop_at_work(self) -> None:
        self.screen.step("A shop that runs on Celery")
        self.screen.say(
            "Its code is untouched; the broker is a folder, so that no server is needed."
        )
        self.old.manage("migrate", "migrate", "--verbosity", "0")
        self.screen.command("celery --app shop worker --concurrency 2")
        self.old.celery_worker(OLD)
        self.traffic.order(self.old, BEFORE, "MORNING", count=6)
        self.traffic.drain(BEFORE)
        # Long enough for this machine to rewrite the code and start a worker in the meantime.
        countdown = max(SHORTEST_COUNTDOWN, round(4 * self.screen.elapsed()))
        self.traffic.order(self.old, HELD, "HELD", count=4, countdown=countdown)
        self.traffic.drain(HELD, but_held=True)
        self.screen.say(
            f"It ran {len(self.traffic.audit.runs())} tasks; {self.traffic.waiting(HELD)} more have"
            f" a countdown of {countdown} s and will wait while the code changes."
        )

    def rewrite(self) -> None:
        self.screen.step("The codemod rewrites a copy of it")
        self.screen.command("python -m codemods.celery_to_dep .")
        self.report = self.new.run("codemod", *CODEMOD, ".")
        self.screen.output(self.report)
        self.screen.diff(self.old.folder, self.new.folder, "orders/services.py", lines=22)
        self.screen.command("manage.py migrate      # adds the ledger")
        self.new.manage("migrate the copy", "migrate", "--verbosity", "0")

    def side_by_side(self) -> None:
        self.screen.step("Old and new code on one broker, each with a worker")
        self.screen.command("celery --app shop worker --concurrency 2      # the rewritten code")
        self.new.celery_worker(NEW)
        if not self.traffic.waiting(HELD):
            raise StepFailed("The rewrite took longer than the countdown of the waiting messages.")
        self.traffic.start(self.old, BESIDE_OLD, "BESIDE-OLD", count=10)
        self.traffic.start(self.new, BESIDE_NEW, "BESIDE-NEW", count=10)
        self.traffic.sent(BESIDE_OLD)
        self.traffic.sent(BESIDE_NEW)
        self.traffic.drain(BESIDE_OLD, BESIDE_NEW)
        audit = self.traffic.audit
        self.screen.who_ran_what(
            audit, {"old": BESIDE_OLD, "new": BESIDE_NEW}, {"old": OLD, "new": NEW}
        )
        for label, worker in ((BESIDE_OLD, NEW), (BESIDE_NEW, OLD)):
            if not audit.crossed(label, worker):
                raise StepFailed(f"The {worker} ran no message of the {label}.")
        self.screen.say("Each worker ran messages that the other's code had sent.")

    def retire_the_old_worker(self) -> None:
        self.screen.step("The old worker stops; the new one takes over what is waiting")
        waiting = self.traffic.waiting(HELD)
        self.crew.stop(OLD)
        self.screen.say(f"{waiting} messages from before the rewrite still wait for their time.")
        self.own_tests()
        self.traffic.drain(HELD)
        late = self.traffic.audit.ran(HELD, NEW)
        if not late:
            raise StepFailed("The rewritten code ran no message from before the rewrite.")
        self.screen.say(f"The rewritten code ran {late} of them, when they were due.")
        self.crew.stop(NEW)

    def own_tests(self) -> None:
        """Run the migrated shop's own suite, as its team would after reading the report."""
        for edit in EDITS:
            edit.apply(self.new.folder, self.report)
            self.screen.say(f"A person does what the report asks for with {edit.code}:")
            self.screen.output(edit.text)
        self.screen.command(
            "manage.py test --settings shop.settings_test      # the rewritten code"
        )
        output = self.new.manage("its tests", "test", "--settings", "shop.settings_test")
        ran = re.search(r"^Ran (\d+) tests? in .*$", output, re.MULTILINE)
        if not ran or int(ran[1]) == 0:
            raise StepFailed(f"The migrated shop's suite ran no test.\n{output}")
        self.tests = int(ran[1])
        self.screen.output(f"{ran[0]}  OK")

    def leave_the_broker(self) -> None:
        self.screen.step("One word of the settings changes, and the broker is gone")
        settings = self.new.folder / "shop" / "settings.py"
        text = settings.read_text()
        switched = text.replace('"bridge.CeleryBackend"', '"bridge.DatabaseBackend"')
        if switched == text:
            raise StepFailed('The rewritten settings do not name "bridge.CeleryBackend".')
        settings.write_text(switched)
        self.screen.output('- "bridge.CeleryBackend"\n+ "bridge.DatabaseBackend"')
        self.screen.command("manage.py db_worker --processes 2")
        self.new.db_worker(DATABASE)
        self.traffic.order(self.new, ON_DATABASE, "DATABASE", count=10)
        self.traffic.drain(ON_DATABASE)
        self.crew.stop(DATABASE)

    def count_everything(self) -> None:
        self.screen.step("Was anything lost, or run twice?")
        audit = self.traffic.audit
        batches = [(label, audit.count(pairs)) for label, pairs in audit.batches.items()]
        everything = [pair for pairs in audit.batches.values() for pair in pairs]
        report = Count(**self.new.audit_report(everything))
        self.screen.verdict([*batches, ("all, by manage.py audit_report", report)])
        self.screen.say(
            f"The migrated shop's own {self.tests} tests pass; {len(EDITS)} edited by hand."
        )
        mine = sum((count for _, count in batches), start=Count())
        if mine != report or not report.exact:
            raise StepFailed(f"The count is off: {mine} here, {report} by the shop itself.")
