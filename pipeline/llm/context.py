"""What a question says beside the chunk it is about, within a budget of tokens: pure.

What goes in, if there is room, in this order: the project's entities that stand in the chunk, the
names of the chunk before, the head of the document, names of chunks that say something like it,
the ways in which names are written, and the last names found. What has no room is left out, from
the end of its list; the order in which parts are shown is another one (`prompts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from pipeline.documents import Value
from pipeline.llm.fencing import disarmed, quoted

HEAD_CHARACTERS = 2_000
BYTES_PER_TOKEN = 4
"""Of prose in UTF-8, roughly: scripts with longer letters have fewer of them in a token. What is
counted by it is a budget and a forecast, never a bill.
"""
WORDS_AROUND = 40
"""Tokens, at most, of what is said around a list or a head."""
KIND = r"^[A-Z][A-Z0-9_]*$"


class NamedThing(Value):
    """A name with the type it is known as."""

    name: str
    type: str = Field(pattern=KIND)


class Pattern(Value):
    """How names of a type are often written ("Aa of Aa")."""

    type: str = Field(pattern=KIND)
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
    """How many tokens a context may have, and how many entries each of its lists."""

    tokens: int = Field(1_000, ge=0)
    names: int = Field(40, ge=0)


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-len(text.encode(errors="surrogatepass")) // BYTES_PER_TOKEN)


def things(names: Iterable[NamedThing]) -> str:
    """Write names with their types, on one line."""
    return ", ".join(f"{quoted(thing.name)} {thing.type}" for thing in names)


def ways(patterns: Iterable[Pattern]) -> str:
    """Write patterns with their types, on one line."""
    return ", ".join(f"{quoted(pattern.pattern)} {pattern.type}" for pattern in patterns)


def within(context: Context, budget: Budget) -> Context:
    """Keep of a context what has room, in the order of this module; no name twice."""
    left = budget.tokens
    seen: set[NamedThing] = set()

    def names(found: Sequence[NamedThing]) -> tuple[NamedThing, ...]:
        nonlocal left
        fresh = [thing for thing in dict.fromkeys(found) if thing not in seen][: budget.names]
        count, left = _room([things([thing]) for thing in fresh], left)
        seen.update(fresh[:count])
        return tuple(fresh[:count])

    known = names(context.known)
    before = names(context.before)
    head = _beginning(context.head[:HEAD_CHARACTERS], left - WORDS_AROUND)
    left -= tokens_of(disarmed(head)) + WORDS_AROUND if head else 0
    similar = names(context.similar)
    listed = context.patterns[: budget.names]
    count, left = _room([ways([pattern]) for pattern in listed], left)
    return Context(
        head=head, known=known, before=before, similar=similar, patterns=listed[:count],
        recent=names(context.recent),
    )  # fmt: skip


def _room(entries: Sequence[str], left: int) -> tuple[int, int]:
    """Say how many entries of a list there is room for, and how many tokens that leaves."""
    room = left - WORDS_AROUND
    for count, entry in enumerate(entries):
        cost = tokens_of(f"{entry}, ")
        if cost > room:
            return count, room if count else left
        room -= cost
    return len(entries), room if entries else left


def _beginning(text: str, tokens: int) -> str:
    """Cut a text behind its last whole word that has room."""
    most = max(tokens, 0) * BYTES_PER_TOKEN
    # What is shown has breaks in it, so more bytes than the text itself.
    if _size(text) <= most:
        return text
    cut = text.encode(errors="surrogatepass")[:most].decode(errors="ignore")
    while cut and _size(cut) > most:
        cut = cut[:-1]
    return cut[: max(cut.rfind(" "), cut.rfind("\n"), 0)]


def _size(text: str) -> int:
    """Count the bytes of a text as it is shown; broken files have half characters in them."""
    return len(disarmed(text).encode(errors="surrogatepass"))
