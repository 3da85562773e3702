"""The rates and the pickup times as a picture."""

from __future__ import annotations

from math import floor, log10
from pathlib import Path

from .records import Records
from .targets import US

PANELS = (
    ("drain", "c1", "rate", "Drain, concurrency 1: tasks per second"),
    ("drain", "c4", "rate", "Drain, concurrency 4: tasks per second"),
    ("idle", "postgresql", "p50_ms", "Pickup when idle: milliseconds, median"),
    ("enqueue", "many", "rate", "Enqueue many: tasks per second"),
)
OURS, LIMIT, OTHERS = "#0c7c59", "#b8b8b8", "#4a6fa5"


def draw(records: Records, path: Path) -> bool:
    """Write a PNG of what was measured. Return False when nothing of it was."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panels = [panel for panel in PANELS if records.peers(panel[0], panel[1])]
    if not panels:
        return False
    figure, grid = plt.subplots(
        len(panels), 1, figsize=(9, 2.9 * len(panels)), squeeze=False, layout="constrained"
    )
    for axes, (scenario, cell, metric, title) in zip(grid[:, 0], panels, strict=True):
        bars = {
            peer: value
            for peer in records.peers(scenario, cell)
            if (value := records.middle(scenario, cell, peer, metric)) is not None
        }
        names = sorted(bars, key=bars.__getitem__)
        colors = [{US: OURS, "limit": LIMIT}.get(name, OTHERS) for name in names]
        shown = axes.barh(names, [bars[name] for name in names], color=colors)
        axes.bar_label(shown, labels=[text(bars[name]) for name in names], padding=3)
        axes.set_xscale("log")
        axes.set_xlim(left=10 ** floor(log10(min(bars.values()))))
        axes.margins(x=0.12)
        axes.set_title(title, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=140)
    plt.close(figure)
    return True


def text(value: float) -> str:
    """Return a label: a tenth matters below ten only."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
