"""Draws the graph around an entity: it in the middle, its neighbours on rings. No service."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.marking import COLOURS, OTHER_COLOUR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Place = tuple[float, float]

RING = 1.0
LONGEST_LABEL = 28
OFTEN = 2
"""How often two neighbours must be named together for a line between them."""
INK, PALE = "#3a3f47", "#c9ced6"


class Picture:
    """A figure that a notebook shows without any setup."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def _repr_png_(self) -> bytes:
        """Give the picture to the notebook."""
        data = io.BytesIO()
        self.figure.savefig(data, format="png", dpi=110, metadata={"Software": None})
        return data.getvalue()

    def __repr__(self) -> str:
        return f"Picture({self.figure.axes[0].get_title(loc='left')!r})"

    def save(self, path: str | Path) -> None:
        """Write the picture to a file; its suffix says the format."""
        self.figure.savefig(path, dpi=150)


def ring_layout(
    centre: str, rings: Sequence[Sequence[tuple[str, str]]], group: dict[str, str]
) -> dict[str, Place]:
    """Place nodes on rings of (node, the node it hangs from), each near what it hangs from.

    `group` is a node's type: on the first ring the same types stand together.
    """
    places: dict[str, Place] = {centre: (0.0, 0.0)}
    angles: dict[str, float] = {centre: 0.0}
    for number, ring in enumerate(rings, 1):
        if number == 1:
            order = sorted(ring, key=lambda item: (group.get(item[0], ""), item[0]))
        else:
            order = sorted(ring, key=lambda item: (angles[item[1]], item[0]))
        for index, (node, _) in enumerate(order):
            angle = 2 * math.pi * (index + 0.5) / len(order)
            angles[node] = angle
            radius = RING * number
            places[node] = (radius * math.cos(angle), radius * math.sin(angle))
    return places


def draw(graph: Any, centre: str, title: str) -> Picture:
    """Draw a networkx graph around one of its nodes.

    Nodes have `name`, `type`, `mentions`; edges `predicates` and `weight`. Typed relationships
    are dark and say what they state, co-mentions are pale.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    places = _places(graph, centre)
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontsize=13, color=INK)
    for one, other, data in graph.edges(data=True):
        _draw_edge(axes, places[one], places[other], data, centre in (one, other))
    for node, data in graph.nodes(data=True):
        _draw_node(axes, places[node], data, node == centre)
    _draw_legend(axes, sorted({data["type"] for _, data in graph.nodes(data=True)}))
    reach = max((math.hypot(*place) for place in places.values()), default=RING) or RING
    axes.set_xlim(-reach * 1.75, reach * 1.75)
    axes.set_ylim(-reach * 1.2, reach * 1.2)
    return Picture(figure)


def _places(graph: Any, centre: str) -> dict[str, Place]:
    """Lay a graph out by distance from its centre."""
    import networkx

    rings: dict[int, list[tuple[str, str]]] = {}
    for node, path in networkx.single_source_shortest_path(graph, centre).items():
        if node != centre:
            rings.setdefault(len(path) - 1, []).append((node, path[-2]))
    types = {node: data["type"] for node, data in graph.nodes(data=True)}
    return ring_layout(centre, [rings[number] for number in sorted(rings)], types)


def _draw_edge(axes: Any, one: Place, other: Place, data: dict[str, Any], at_centre: bool) -> None:
    """Draw a line; a typed one at the centre says its predicates beside its outer third."""
    typed = [predicate for predicate in data["predicates"] if predicate != "co_mentioned"]
    if not (typed or at_centre or data["weight"] >= OFTEN):
        return
    axes.plot(
        (one[0], other[0]),
        (one[1], other[1]),
        color=INK if typed else PALE,
        linewidth=min(0.6 + 0.35 * data["weight"], 3.0) * (1.0 if at_centre else 0.6),
        alpha=0.85 if at_centre else 0.35,
        zorder=1,
        solid_capstyle="round",
    )
    if typed and at_centre:
        outer = max(one, other, key=lambda place: math.hypot(*place))
        angle = math.degrees(math.atan2(outer[1], outer[0]))
        axes.text(
            outer[0] * 0.6,
            outer[1] * 0.6,
            ", ".join(sorted(typed)).replace("_", " "),
            fontsize=7.5,
            color=INK,
            ha="center",
            va="center",
            rotation=angle if -90 <= angle <= 90 else angle - 180 * math.copysign(1, angle),
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            zorder=2,
        )


def _draw_node(axes: Any, place: Place, data: dict[str, Any], is_centre: bool) -> None:
    """Draw a dot in its type's colour and size, its label on the side away from the centre."""
    from matplotlib.patheffects import withStroke

    size = 40 + 60 * math.log1p(data["mentions"])
    colour = COLOURS.get(data["type"], OTHER_COLOUR)
    axes.scatter(*place, s=size * (2 if is_centre else 1), color=colour, edgecolors="white",
                 linewidths=1.5, zorder=3)  # fmt: skip
    label = data["name"]
    if len(label) > LONGEST_LABEL:
        label = label[: LONGEST_LABEL - 1].rstrip() + "…"
    axes.annotate(
        label.replace("$", r"\$"),
        place,
        xytext=_label_offset(place, size, is_centre),
        textcoords="offset points",
        ha="center" if is_centre or abs(place[0]) < 0.2 else ("left" if place[0] > 0 else "right"),
        va="center",
        fontsize=12 if is_centre else 9.5,
        fontweight="bold" if is_centre else "normal",
        color=INK,
        path_effects=[withStroke(linewidth=5 if is_centre else 3, foreground="white")],
        zorder=4,
    )


def _label_offset(place: Place, size: float, is_centre: bool) -> Place:
    """Find where a label stands from its dot, in points: outwards, just clear of the dot."""
    radius = math.sqrt(size) / 2
    if is_centre:
        return 0.0, -(math.sqrt(2) * radius + 11)
    length = math.hypot(*place) or 1.0
    return place[0] / length * (radius + 5), place[1] / length * (radius + 9)


def _draw_legend(axes: Any, types: Sequence[str]) -> None:
    """Say which colour is which type, and what the two kinds of line are."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="", markersize=8, label=type_,
               color=COLOURS.get(type_, OTHER_COLOUR))
        for type_ in types
    ]  # fmt: skip
    handles += [
        Line2D([], [], color=INK, label="stated relationship"),
        Line2D([], [], color=PALE, label="named together"),
    ]
    axes.legend(handles=handles, loc="lower left", frameon=False, fontsize=9, labelcolor=INK)
