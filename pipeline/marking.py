"""Text with its mentions marked, as HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

COLOURS: dict[str, str] = {
    "PERSON": "#e8743b",
    "ORG": "#3b7dd8",
    "GPE": "#2e9e6b",
    "LOC": "#2e9e6b",
    "FAC": "#5fa55a",
    "NORP": "#8e6bbf",
    "EVENT": "#c4589a",
    "DATE": "#8a8f98",
    "MONEY": "#b08d1e",
    "LAW": "#7a6a58",
    "CITATION": "#7a6a58",
    "DOCKET": "#7a6a58",
    "EMAIL": "#4aa3b5",
}
"""The colour of each type, in texts and in drawings alike."""

OTHER_COLOUR = "#8a8f98"


class Mark(NamedTuple):
    """A span of a text with its type and what to say of it when it is pointed at."""

    start: int
    end: int
    type: str
    title: str


class Marked:
    """HTML that a notebook shows; `str` gives it as text."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        """Give the HTML to the notebook."""
        return self.html

    def __str__(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"Marked({len(self.html)} characters of HTML)"


def mark_text(text: str, marks: Iterable[Mark]) -> str:
    """Write a text as HTML with its marks; they are in order and do not overlap."""
    parts: list[str] = []
    at = 0
    for mark in marks:
        colour = COLOURS.get(mark.type, OTHER_COLOUR)
        parts.append(_escaped(text[at : mark.start]))
        parts.append(
            f'<mark title="{escape(mark.title)}" style="background:{colour}2e;color:inherit;'
            f'border-bottom:2px solid {colour};border-radius:2px;padding:0 1px">'
            f"{_escaped(text[mark.start : mark.end])}</mark>"
        )
        at = mark.end
    parts.append(_escaped(text[at:]))
    return "".join(parts)


def whole(heading: str, text: str, marks: Sequence[Mark], more: str = "") -> Marked:
    """Show a text under a heading, with a legend of the types that are marked in it."""
    types = sorted({mark.type for mark in marks})
    legend = " ".join(
        f'<span style="border-bottom:2px solid {COLOURS.get(type_, OTHER_COLOUR)};'
        f'margin-right:.8em;font-size:85%">{type_}</span>'
        for type_ in types
    )
    return Marked(
        f'<div style="max-width:52em"><div><b>{_escaped(heading)}</b></div><div>{legend}</div>'
        f'<div style="white-space:pre-wrap;line-height:1.7;margin-top:.6em">'
        f"{mark_text(text, marks)}</div><div><i>{_escaped(more)}</i></div></div>"
    )


def passages(rows: Iterable[tuple[str, str, Sequence[Mark]]]) -> Marked:
    """Show (place, text, marks) one below the other."""
    body = "".join(
        f'<div style="margin:.5em 0"><div style="font-size:80%;opacity:.65">{_escaped(place)}'
        f'</div><div style="line-height:1.6">{mark_text(text, marks)}</div></div>'
        for place, text, marks in rows
    )
    return Marked(f'<div style="max-width:52em">{body}</div>')


def _escaped(text: str) -> str:
    """Write foreign text as HTML; a dollar sign must not open a formula in a notebook."""
    return escape(text).replace("$", "&#36;")
