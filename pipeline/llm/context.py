"""What a question says beside the chunk it is about, within a budget of tokens: pure.

What goes in, if there is room, in this order: the project's entities that stand in the chunk, the
names of the chunk before, the head of the document, names of chunks that say something like it,
the ways in which names are written, and the last names found. What has no room is left out, from
the end of its list; the order in which parts are shown is another one (`prompts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pydantic import Field

from pipeline.documents import Value
from pipeline.llm.fencing import shown

HEAD_CHARACTERS = 2_000
CHARACTERS_PER_TOKEN = 4
"""Of English prose, roughly; what is counted by it is a budget and a forecast, never a bill."""


class NamedThing(Value):
    """A name with the type it is known as."""

    name: str
    type: str


class Pattern(Value):
    """How many names of a type are written in one way ("Aa of Aa")."""

    type: str
    pattern: str


class Context(Value):
    """All that is known around a chunk, each list with what matters most first."""

    head: str = ""
    known: tuple[NamedThing, ...] = ()
    before: tuple[NamedThing, ...] = ()
    similar: tuple[NamedThing, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    recent: tuple[NamedThing, ...] = ()


class Budget(Value):
    """How many tokens a context may have, and names each of its lists."""

    tokens: int = Field(1_000, ge=0)
    names: int = Field(40, ge=0)


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def within(context: Context, budget: Budget) -> Context:
    """Keep of a context what has room, in the order of this module."""
    left = budget.tokens

    def names(things: Iterable[NamedThing], seen: set[tuple[str, str]]) -> tuple[NamedThing, ...]:
        nonlocal left
        kept: list[NamedThing] = []
        for thing in things:
            cost = tokens_of(shown(thing.name)) + tokens_of(thing.type) + 1
            if (thing.name, thing.type) in seen:
                continue
            if cost > left or len(kept) == budget.names:
                break
            seen.add((thing.name, thing.type))
            left -= cost
            kept.append(thing)
        return tuple(kept)

    seen: set[tuple[str, str]] = set()
    known = names(context.known, seen)
    before = names(context.before, seen)
    head = _beginning(context.head[:HEAD_CHARACTERS], left)
    left -= tokens_of(head)
    similar = names(context.similar, seen)
    patterns, left = _first(context.patterns, left, budget.names, lambda x: x.pattern)
    recent = names(context.recent, seen)
    return Context(
        head=head, known=known, before=before, similar=similar, patterns=patterns, recent=recent
    )


def _beginning(text: str, tokens: int) -> str:
    """Cut a text behind its last whole word that has room."""
    most = tokens * CHARACTERS_PER_TOKEN
    if len(text) <= most:
        return text
    cut = text[:most]
    return cut[: max(cut.rfind(" "), cut.rfind("\n"), 0)]


def _first(
    items: Sequence[Pattern], left: int, most: int, words: Callable[[Pattern], str]
) -> tuple[tuple[Pattern, ...], int]:
    kept: list[Pattern] = []
    for item in items[:most]:
        cost = tokens_of(words(item)) + 1
        if cost > left:
            break
        left -= cost
        kept.append(item)
    return tuple(kept), left
