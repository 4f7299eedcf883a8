"""How names look to a person: why they are one thing, what stayed out, what is to be decided."""

from __future__ import annotations

from typing import Any

from actors.commands.printing import console, marked_text
from pipeline.counting import counted
from pipeline.registry import explaining
from pipeline.registry.explaining import several, shown

Card = dict[str, Any]
LONGEST_SENTENCE = 400
SHORT_FORMS_SHOWN = 20


def print_names(card: Card) -> None:
    """Print the names of an entity, with what joined each to others."""
    names = card["names"]
    if len(names) < 2 and not any(name["sense"] or name["told"] for name in names):
        return
    _head("names")
    place = {name["id"]: number for number, name in enumerate(names)}
    for number, name in enumerate(names):
        where = _where(name["places"], name["documents"])
        size = f"{counted(name['mentions'], 'mention')} in {counted(name['documents'], 'document')}"
        _line(f"  {shown(name['text'])}  {name['type']}  {size}" + (f": {where}" if where else ""))
        if name["told"]:
            _line(f"      {name['told']}", dim=True)
        if name["sense"]:
            _line(f"      another of this name, by decision {name['sense']}", dim=True)
        if name["content"]:
            _line("      as one document means it", dim=True)
        # What ties two names is said once, with the second of them.
        told = [one for one in name["joined"] if place.get(one["with"], -1) < number]
        for joined in told:
            _line(f"      with {shown(joined['name'])}: {explaining.joined(joined)}", dim=True)
        if told:
            _more(name["joined_by"], len(name["joined"]), indent=6)
    _more(card["name_count"], len(names))


def _where(places: list[Card], documents: int | None = None) -> str:
    """List where a name is mentioned, of so many documents."""
    return several([f"{x['source']}:{x['page']}" for x in places], 2, documents)


def print_short_forms(card: Card) -> None:
    """Print what documents call an entity for short, with why it is meant there."""
    short = [alias for alias in card["aliases"] if alias["via"]]
    if not short:
        return
    _head("short forms, each within its document")
    for alias in short[:SHORT_FORMS_SHOWN]:
        size = counted(sum(alias["via"].values()), "mention")
        _line(f"  {shown(alias['text'])}  {size}: {explaining.linked(alias['via'])}")
    _more(len(short), min(len(short), SHORT_FORMS_SHOWN))


def print_misses(card: Card) -> None:
    """Print what stayed out of an entity, and why."""
    if not card["near_misses"]:
        return
    _head("stayed out")
    for miss in card["near_misses"]:
        more = f" (and {counted(miss['pairs'] - 1, 'pair')} more)" if miss["pairs"] > 1 else ""
        _line(f"  {shown(miss['entity'])}  {miss['type'] or ''}  {miss['id'][:8]}")
        _line(f"      {shown(miss['own'])} / {shown(miss['name'])}{more}", dim=True)
        _line(f"      {explaining.kept_out(miss)}", dim=True)
        if miss["told_in"]:
            _line(f"      told in {_where(miss['told_in'])}", dim=True)
    _more(card["near_miss_count"], len(card["near_misses"]))


def print_decisions(card: Card) -> None:
    """Print what people decided about an entity."""
    if not card["decisions"]:
        return
    _head("decisions")
    for one in card["decisions"]:
        _line(f"  {one['number']}  {one['kind']}: {explaining.decided(one)}")
        _line(f"      {explaining.by_whom(one)}", dim=True)


def print_caps(card: Card) -> None:
    """Print what was too large to be compared in full."""
    if not card["capped"] and not card["dissolved"]:
        return
    _head("not compared in full")
    for one in card["capped"]:
        if one["kind"] == "block":
            _line(f"  more names than can be compared share the key {shown(one['key'])}", dim=True)
        else:
            _line(f"  {one['size']:,} names hang together: only the surest comparisons counted")
    for names in card["dissolved"]:
        _line(f"  {several(names)} were one before, and are not any more")


def print_pair(card: Card, number: int) -> None:
    """Print two entities that may be one, for a person to decide."""
    one, other = card["one"], card["other"]
    names = f"{shown(one['written'])} / {shown(other['written'])}"
    console().print(f"\n{number}  {names}", style="bold", markup=False)
    _line(f"   {explaining.compared(card)}")
    also = f": also {several([row['name'] for row in card['also']])}" if card["also"] else ""
    _line(f"   {explaining.why_apart(card['why'])}{also}")
    if card["pairs"] > 1:
        _line(f"   {card['pairs']:,} pairs of their names are alike", dim=True)
    for side in (one, other):
        size = f"{counted(side['mentions'], 'mention')} in {counted(side['documents'], 'document')}"
        _line(f"   {shown(side['name'])}  {side['type']}  {size}  {side['id'][:8]}")
        _quote(side["quote"])


def _quote(quote: Card | None) -> None:
    """Print a sentence with the name in it marked, what is too long of it left out."""
    from rich.padding import Padding

    if quote is None:
        return
    start, end = quote["at"]
    text = quote["sentence"][: max(LONGEST_SENTENCE, min(end, start + LONGEST_SENTENCE))]
    _line(f"      {shown(quote['source'], 120)}:{quote['page']}", dim=True)
    words = marked_text(text, [(start, min(end, len(text)))])
    if len(text) < len(quote["sentence"]):
        words.append("…")
    console().print(Padding(words, (0, 0, 0, 8), expand=False))


def _head(text: str) -> None:
    console().print(f"\n{text}", style="bold")


def _line(text: str, *, dim: bool = False) -> None:
    console().print(text, style="dim" if dim else None, markup=False)


def _more(total: int, listed: int, indent: int = 2) -> None:
    """Say how many more there are than were listed."""
    if total > listed:
        _line(f"{' ' * indent}… {total - listed:,} more", dim=True)
