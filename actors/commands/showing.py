"""How entities, documents and hits look to a person."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import click

from actors.commands.common import print_json
from actors.commands.printing import console, marked_text, print_table

Card = dict[str, Any]


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
        more = f"{row['mentions']:,} mentions" if "mentions" in row else row["media_type"]
        click.echo(f"{row['id']}  {row.get('type', 'document'):8} {name}  ({more})")


def _print_entity(card: Card) -> None:
    """Print an entity with its evidence."""
    out = console()
    out.print(f"{_plain(card['name'])}", style="bold", markup=False)
    out.print(
        f"{card['type']}  {card['mentions']:,} mentions in {card['documents']:,} documents, "
        f"connected to {card['degree']:,}  {card['id']}",
        style="dim",
        markup=False,
    )
    others = [alias for alias in card["aliases"] if alias["text"] != card["name"]]
    if others:
        also = ", ".join(f"{alias['text']} ({alias['mentions']:,})" for alias in others)
        out.print(f"also: {_plain(also)}", markup=False)
    _print_facts(card["relationships"], card["id"])
    if card["co_mentions"]:
        out.print("\nnamed together with", style="bold")
        together = [f"{row['name']} ({row['weight']:,})" for row in card["co_mentions"]]
        out.print("  " + _plain(", ".join(together)), markup=False)
    if card["occurrences"]:
        out.print("\nmentions", style="bold")
    for mention in card["occurrences"]:
        _print_passage(mention, mention["sentence"], [tuple(mention["at"])])
    shown = len(card["occurrences"])
    if shown < card["mentions"]:
        out.print(f"  … {card['mentions'] - shown:,} more (--limit)", style="dim")


def _print_document(card: Card) -> None:
    """Print a document."""
    out = console()
    out.print(_plain(card["source"]), style="bold", markup=False)
    flags = "".join(f"  {flag}" for flag in ("stale", "partial") if card[flag])
    out.print(
        f"{card['media_type']}  {card['pages']:,} pages  {card['size']:,} bytes  "
        f"language {card['language'] or 'unknown'}{flags}  {card['id']}",
        style="dim",
        markup=False,
    )
    for name, value in card["metadata"].items():
        shown = ", ".join(value) if isinstance(value, list) else value
        out.print(f"{name}: {_plain(shown)}", markup=False)
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
    """Print relationships by predicate and direction, each with its words."""
    out = console()

    def heading(fact: Card) -> tuple[str, bool]:
        return fact["predicate"], entity is not None and fact["object"] == entity

    ordered = facts if entity is None else sorted(facts, key=heading)
    grouped = [("", facts)] if entity is None else groupby(ordered, key=lambda f: heading(f)[0])
    if facts:
        out.print("\nrelationships", style="bold")
    for predicate, group in grouped:
        if predicate:
            out.print(f"  {predicate.replace('_', ' ')}", style="cyan")
        for fact in group:
            said = (
                f"{fact['subject_name']} — {fact['predicate'].replace('_', ' ')} → "
                f"{fact['object_name']}"
            )
            out.print(f"    {_plain(said)}", markup=False)
            _print_passage(fact, fact["quote"], [], indent=6)


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
    more = f" (and {copies - 1:,} copies)" if copies > 1 else ""
    place = Text(f"{_plain(card['source'])}:{card['page']}{more}", style="dim")
    out.print(Padding(place, (0, 0, 0, indent)))
    out.print(Padding(marked_text(text, marks), (0, 0, 0, indent + 2)))


def _plain(text: str) -> str:
    """Put foreign text on one line without what a terminal would obey."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
