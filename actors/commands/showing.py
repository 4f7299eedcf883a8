"""How entities, documents and hits look to a person."""

from __future__ import annotations

from typing import Any

import click

from actors.commands.common import print_json
from actors.commands.printing import console, marked_text, print_table
from actors.commands.showing_names import (
    print_caps,
    print_decisions,
    print_misses,
    print_names,
    print_short_forms,
)
from pipeline.counting import counted
from pipeline.registry.explaining import several, shown

Card = dict[str, Any]
ALIASES_SHOWN = 20


def print_card(card: Card) -> None:
    """Print an entity or a document."""
    (_print_entity if card["kind"] == "entity" else _print_document)(card)


def print_candidates(what: str, rows: list[Card], as_json: bool) -> None:
    """List what shares a name, with the ids to ask by."""
    if as_json:
        print_json({"asked": what, "candidates": rows})
        return
    for row in rows:
        name = row.get("name") or row["source"]
        more = counted(row["mentions"], "mention") if "mentions" in row else row["media_type"]
        click.echo(f"{row['id']}  {row.get('type', 'document'):8} {shown(name)}  ({more})")


def _print_entity(card: Card) -> None:
    """Print an entity with its evidence."""
    out = console()
    out.print(shown(card["name"]), style="bold", markup=False)
    out.print(
        f"{card['type']}  {counted(card['mentions'], 'mention')} in "
        f"{counted(card['documents'], 'document')}, "
        f"connected to {card['degree']:,}  {card['id']}",
        style="dim",
        markup=False,
    )
    if card["asked"] is not None:
        out.print(
            f"{shown(card['asked'])} is a part of it: one of its names, or what it took in",
            markup=False,
        )
    others = [
        f"{shown(alias['text'])} ({alias['mentions']:,})"
        for alias in card["aliases"]
        if alias["text"] != card["name"]
    ]
    if others:
        also = several(others, ALIASES_SHOWN, card["alias_count"] - 1)
        out.print(f"also: {also}", markup=False)
    print_names(card)
    print_short_forms(card)
    print_misses(card)
    print_decisions(card)
    print_caps(card)
    _print_facts(card["relationships"], card["id"])
    if card["co_mentions"]:
        out.print("\nnamed together with", style="bold")
        together = [f"{shown(row['name'])} ({row['weight']:,})" for row in card["co_mentions"]]
        out.print("  " + _plain(", ".join(together)), markup=False)
    if card["occurrences"]:
        out.print("\nmentions", style="bold")
    for mention in card["occurrences"]:
        _print_passage(mention, mention["sentence"], [tuple(mention["at"])])
    left = card["mentions"] - len(card["occurrences"])
    if left > 0:
        out.print(f"  … {left:,} more (--limit)", style="dim")


def _print_document(card: Card) -> None:
    """Print a document."""
    out = console()
    out.print(_plain(card["source"]), style="bold", markup=False)
    flags = "".join(f"  {flag}" for flag in ("stale", "partial") if card[flag])
    out.print(
        f"{card['media_type']}  {counted(card['pages'], 'page')}  "
        f"{counted(card['size'], 'byte')}  "
        f"language {card['language'] or 'unknown'}{flags}  {card['id']}",
        style="dim",
        markup=False,
    )
    for name, value in card["metadata"].items():
        words = ", ".join(value) if isinstance(value, list) else value
        out.print(f"{name}: {_plain(words)}", markup=False)
    for warning in card["warnings"]:
        out.print(f"warning: {_plain(warning)}", style="yellow", markup=False)
    if card["members"]:
        out.print("\ncontains", style="bold")
        for member in card["members"]:
            out.print(f"  {_plain(member['source'])}", markup=False)
    if card["entities"]:
        out.print("\nentities", style="bold")
        print_table(
            ["name", "type", "mentions", "id"],
            [
                (row["name"], row["type"], row["mentions"], row["id"][:8])
                for row in card["entities"]
            ],
        )
    _print_facts(card["relationships"])


def _print_facts(facts: list[Card], entity: str | None = None) -> None:
    """Print relationships, by predicate those of an entity: what is said once more is said once,
    with the words of the first and the places of the others.
    """
    out = console()
    said: dict[tuple[str, str, str], list[Card]] = {}
    for fact in facts:
        said.setdefault((fact["predicate"], fact["subject"], fact["object"]), []).append(fact)
    groups = list(said.values())
    if entity is not None:
        groups.sort(key=lambda group: (group[0]["predicate"], -len(group)))
    if groups:
        out.print("\nrelationships", style="bold")
    for first, *others in groups:
        predicate = first["predicate"].replace("_", " ")
        subject, object_ = shown(first["subject_name"]), shown(first["object_name"])
        line = f"  {subject} — {predicate} → {object_}"
        out.print(_plain(line, indent=2), style="cyan", markup=False)
        _print_passage(first, first["quote"], [], indent=4)
        if others:
            places = sorted({f"{fact['source']}:{fact['page']}" for fact in others})
            out.print("    also " + _plain(", ".join(places)), style="dim", markup=False)


def print_hits(cards: list[Card]) -> None:
    """Print a search's hits, best first."""
    for card in cards:
        _print_passage(card, card["sentence"], [tuple(mark) for mark in card["matches"]], indent=0)


def _print_passage(card: Card, text: str, marks: list[Any], indent: int = 2) -> None:
    """Print words with where they stand."""
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    copies = card.get("copies", 1)
    more = f" (in {copies:,} documents)" if copies > 1 else ""
    place = Text(f"{_plain(card['source'])}:{card['page']}{more}", style="dim")
    out.print(Padding(place, (0, 0, 0, indent), expand=False))
    out.print(Padding(marked_text(text, marks), (0, 0, 0, indent + 2), expand=False))


def _plain(text: str, indent: int = 0) -> str:
    """Put foreign text on one line without what a terminal would obey."""
    line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    return " " * indent + line
