"""Orders on their way: placed, waiting for their time, drained."""

import json
from dataclasses import dataclass

from .audit import Audit
from .processes import Crew, StepFailed
from .shop import Pair, Shop

ORDER_SECONDS = 60
DRAIN_SECONDS = 60
SHOWN = 10


def held(pair: Pair) -> bool:
    """Tell whether `place_orders --countdown` holds this work back."""
    kind, reference = pair
    return kind in {"receipt.sent", "invoice.created", "sales.built"} or reference.endswith(
        ":review"
    )


@dataclass(slots=True, kw_only=True)
class Traffic:
    """Places orders and knows, from the audit rows, what has not run yet."""

    crew: Crew
    audit: Audit

    def order(self, shop: Shop, label: str, tag: str, *, count: int, countdown: int = 0) -> None:
        """Place orders and wait until all their messages are sent."""
        self.start(shop, label, tag, count=count, countdown=countdown)
        self.sent(label)

    def start(self, shop: Shop, label: str, tag: str, *, count: int, countdown: int = 0) -> None:
        """Start placing orders beside whatever else happens."""
        shop.place_orders(label, tag, count=count, countdown=countdown)

    def sent(self, label: str) -> None:
        """Wait for the orders to be placed, and note what they must cause."""
        output = self.crew.finish(label, timeout=ORDER_SECONDS)
        expected = json.loads(output.splitlines()[-1])["expected"]
        self.audit.batches[label] = [
            (kind, reference) for kind, references in expected.items() for reference in references
        ]

    def waiting(self, label: str) -> int:
        """Count what a batch must still cause."""
        return len(self.audit.missing(label))

    def drain(self, *labels: str, but_held: bool = False) -> None:
        """Wait until everything in these batches ran, or everything that no countdown holds."""

        def missing() -> list[Pair]:
            pairs = [pair for label in labels for pair in self.audit.missing(label)]
            return [pair for pair in pairs if not (but_held and held(pair))]

        try:
            what = f"the work of {' and '.join(labels)}"
            self.crew.wait_until(lambda: not missing(), timeout=DRAIN_SECONDS, what=what)
        except StepFailed as error:
            left = "\n".join(f"  {kind} {reference}" for kind, reference in missing()[:SHOWN])
            raise StepFailed(f"{error}\n--- not run, the first {SHOWN}\n{left}") from error
