"""Draws how often something is mentioned over time. No service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.drawing import INK, PALE, Picture

if TYPE_CHECKING:
    import pandas

BAR = "#3b7dd8"


def draw(timeline: pandas.DataFrame, name: str) -> Picture:
    """Draw a bar a day of a table with `mentions` by date."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(f"mentions of {name} by the date of their documents", loc="left",
                   fontsize=11, color=INK)  # fmt: skip
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(colors=INK, length=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    if timeline.empty:
        axes.set_yticks([])
        axes.set_xticks([])
        axes.text(0.5, 0.5, "none of the documents says its date", ha="center", color=INK,
                  transform=axes.transAxes)  # fmt: skip
        return Picture(figure)
    axes.grid(axis="y", color=PALE, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(True)
    axes.vlines(timeline.index, 0, timeline["mentions"], color=BAR, linewidth=2.5)
    axes.scatter(timeline.index, timeline["mentions"], color=BAR, s=28, zorder=3)
    axes.set_ylim(bottom=0, top=timeline["mentions"].max() * 1.15)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    )
    if len(timeline) == 1:
        import pandas

        day = timeline.index[0]
        axes.set_xlim(day - pandas.Timedelta(days=15), day + pandas.Timedelta(days=15))
    return Picture(figure)
