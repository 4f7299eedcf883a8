"""How examples look to a person."""

from __future__ import annotations

from typing import Any

from actors.commands.printing import console, marked_text, print_table
from pipeline.counting import counted
from pipeline.llm.accepting import ChunkText, Extracted
from pipeline.llm.examples import Example
from pipeline.llm.grounding import Grounds
from pipeline.registry.explaining import shown

Card = dict[str, Any]
ID_SHOWN = 8


def print_examples(cards: list[Card]) -> None:
    """List examples; where it is known, with whether a project uses them."""
    used = "used" in cards[0]
    columns = ["id", "domain", "task", "from", *(["used"] if used else [])]
    print_table(
        [*columns, "names", "relations", "by", "text"],
        [
            (
                card["id"][:ID_SHOWN], shown(card["domain"], 24), card["task"], _origin(card),
                *((("yes" if card["used"] else "no"),) if used else ()),
                len(card["entities"]), len(card["relations"]), shown(card["by"], 24),
                shown(card["text"], 80),
            )
            for card in cards
        ],
    )  # fmt: skip


def _origin(card: Card) -> str:
    """Say where an example is from: of an accepted one, the document."""
    if card["source"] is None:
        return str(card["origin"])
    return f"{card['origin']}: {shown(card['source'], 40)}"


def print_extracted(source: str, chunk: ChunkText, found: Extracted) -> None:
    """Show what was extracted of a chunk, for a person to say whether it is right."""
    out = console()
    place = f"{shown(source, 120)}:{chunk.page}, chunk {chunk.number}"
    out.print(place, style="dim", markup=False)
    out.print(marked_text(found.example.text, _places(found.example)))
    out.print("\nnames" if found.example.entities else "\nno names", style="bold")
    for entity in found.example.entities:
        out.print(f"  {shown(entity.text)}  {entity.type}", markup=False)
    out.print("\nrelations" if found.example.relations else "\nno relations", style="bold")
    for relation in found.example.relations:
        ends = [found.example.entities[x - 1].text for x in (relation.subject, relation.object)]
        said = relation.predicate.replace("_", " ")
        out.print(f"  {shown(ends[0])} — {said} → {shown(ends[1])}", style="cyan", markup=False)
        out.print(f"    {shown(relation.quote, 300)}", style="dim", markup=False)
    if found.names_left or found.relations_left:
        left = [
            counted(number, word)
            for number, word in ((found.names_left, "name"), (found.relations_left, "relation"))
            if number
        ]
        out.print(
            f"\nleft out, since the schema or these words do not have it: {' and '.join(left)}",
            style="dim",
        )


def _places(example: Example) -> list[tuple[int, int]]:
    """Find where the names stand, the longest first, none over another."""
    grounds = Grounds(example.text)
    found = [span for entity in example.entities for span in grounds.names(entity.text)]
    places: list[tuple[int, int]] = []
    for start, end in sorted(set(found), key=lambda span: (span[0] - span[1], span)):
        if all(end <= other[0] or other[1] <= start for other in places):
            places.append((start, end))
    return sorted(places)
