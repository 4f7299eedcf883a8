"""Father and son of one name in a document: "Donald Trump's son, Donald Trump Jr." names two, while
Martin Luther King Jr. is mostly called Martin Luther King. So they are two only where the words
right around such names say so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence, Set
from itertools import pairwise

from pipeline.documents import Mention, MentionType
from pipeline.name_marks import GENERATION
from pipeline.resolution.name_keys import Key
from pipeline.resolution.normal import POSSESSIVE
from pipeline.resolution.people import shortens, without_generation
from pipeline.resolution.surroundings import Surroundings

SOME = (
    r"(?:(?:late|eldest|oldest|elder|older|younger|youngest|middle|first|second|third|only|own|adult"
    r"|infant|beloved|estranged|surviving|first-?born|then|[\w-]+-year-old),?\s+){0,3}"
)
SONS, FATHERS = r"(?:sons?|boys?|child(?:ren)?|grandsons?)", r"(?:father|dad|grandfather)"
KIN = rf"{SOME}(?:{SONS}|{FATHERS})(?:\s+and\s+(?:namesake|heir|successor|partner))?"
RANK = r"(?:(?:the|former|then|late)\s+){0,2}(?:[A-Z][\w.]*\s+)?"
IS = r"(?:who\s+)?(?:is|was)\s+"
# All that stands between two names of which one is the other's father.
RELATED = re.compile(
    rf"\s*['’]s?\s+{KIN}[,:]?\s+(?:{IS})?{RANK}"
    rf"|,?\s+\(?(?:{IS})?(?:the\s+|a\s+)?{KIN}\s+(?:of|to)\s+{RANK}"
    rf"|,?\s+whose\s+{KIN},?\s+(?:{IS})?{RANK}"
    r"|\s+(?:had|has|left|raised|named|adopted)\s+(?:his|an?|one|two|three|four|five)\s+"
    rf"{SOME}{SONS}[,:]?\s+(?:named\s+|called\s+|including\s+)?{RANK}"
    rf"|,?\s+{IS}survived\s+by\s+(?:his\s+)?(?:{SOME}{SONS},?\s+)?{RANK}"
    rf"|(?P<gap>[^.;:!?\n()A-Z]{{0,60}})\bhis\s+{KIN}(?:,|\s+(?:is|was))?\s+{RANK}"
)
# Whose father or son is "his" then?
SOMEBODY_ELSE = re.compile(
    r"['’]s\b|\b(?:who|whom|whose|an?|she|they|man|boys?|girls?|kids?|sons?|daughters?|child"
    r"|children|fathers?|mothers?|parents|brothers?|sisters?|wife|widow|friends?)\b"
)
# "X and X Jr." are two, unless a clause ends between them or it is the words that are spoken of.
COUPLED = re.compile(r"\s+(?:and|&)\s+(?:[A-Z][\w.]*\s+)?")
CLAUSE_BEGINS = re.compile(r"(?:^|[.;:!?\n]|\b(?:both|between|father and son))\s*$", re.IGNORECASE)
VERB = re.compile(r"\s+(?:was|is|has|had|would|will|could|told|said|led|spoke|began|\w+ed|\w+s)\b")
AS_WORDS = re.compile(
    r"\b(?:as|names?|named|spell(?:ed|ings?)|written|called|known|terms?|entries|tags?|tagged"
    r"|streets?|schools?)\s+(?:of\s+|for\s+)?(?:both\s+|either\s+)?$"
)
# The sentence says that the two names are one person's.
ONE_PERSON = re.compile(
    r"[^.;!?\n]*\b(?:same|identical|single|one\s+(?:person|man|individual|name)|spell(?:ed|ings?)"
    r"|aliases|names?|variants?|refers?|referred|interchangeabl[ey]|appears?)\b",
    re.IGNORECASE,
)
# The name goes on, or something is called after him.
LONGER = re.compile(
    r",?\s*(?:Jr|Sr|Junior|Senior|I{2,3}|IV)\b"
    r"|(?:\.|['’]s)?\s+(?:Day|Drive|Boulevard|Blvd|Avenue|Ave|Street|Way|Parkway|Highway|Park|Plaza"
    r"|School|College|University|Library|Cent(?:er|re)|Hospital|Memorial|Foundation|Trust"
    r"|Institute|Award|Prize|Inc|LLC|Ltd|Company|Corp)\b"
)
BLANK_AHEAD = re.compile(r"\s+(?=[,:])")
BRACKETS = re.compile(r"\s*\([^()]{0,40}\)(?=[\s,])")
OF_TWO = re.compile(r"\b[Tt]he\s+(?:elder|younger)\s+$")
YOUNGER = re.compile(r"\byounger\s+$")
# No "younger Donald Trump voters".
ALONE = re.compile(
    r"\s*[,.;:)]|['’]s\b|\s+(?:and|who|was|is|has|had|would|will|said|says|told|did|died|\w+ed)\b"
)
REACH = 40
LONGEST = 200


def fathers_and_sons(
    own: Sequence[Key], mentions: Sequence[Mention], around: Surroundings
) -> tuple[list[Key], frozenset[str]]:
    """Give the names with a generation (Jr, Sr, II) whose bearers are others than who is called so
    without it, by what the text says; and the keys of all mentions, "the younger Donald Trump" as
    Donald Trump Jr.
    """
    keys = list(own)
    people = [at for at, (type_, _) in enumerate(own) if type_ is MentionType.PERSON]
    told = {name for name in {own[at][1] for at in people} if _generation(name)}
    alike = defaultdict[tuple[str, ...], set[str]](set)
    for name in told:
        alike[_ends(name)].add(name)
    two = set[str]()
    for first, second in pairwise(people) if told else ():
        one, other = own[first][1], own[second][1]
        pair = told & {name for name, bare in ((one, other), (other, one)) if _is(bare, "", name)}
        if pair and _are_two(mentions[first], mentions[second], around):
            two |= pair
    for at in people if told else ():
        before = around.before(mentions[at])[-REACH:]
        if not OF_TWO.search(before) or not ALONE.match(around.behind(mentions[at])):
            continue
        bearers = {name for name in alike[_ends(own[at][1])] if _is(own[at][1], "", name)}
        juniors = {name for name in bearers if _generation(name) != "sr"}
        if YOUNGER.search(before):
            two |= bearers
            own_name = {name for name in juniors if name.startswith(f"{own[at][1]} ")}
            if len(meant := own_name or juniors) == 1:
                keys[at] = MentionType.PERSON, next(iter(meant))
        else:
            two |= juniors
    return keys, frozenset(
        name for one in two for name in alike[_ends(one)] if _is(name, _generation(one), one)
    )


def left_open(
    keys: Sequence[Key], titles: Sequence[str | None], of_two: Set[str]
) -> dict[str, str]:
    """Give the names that stand behind the same name with a generation, each with that name, where
    nothing says that their bearers are two: "Robert F. Kennedy" behind "Robert F. Kennedy Jr." is
    mostly he, but may be his father. A title that only the one has says who that is, as does the
    other order.
    """
    called = defaultdict[str, set[str]](set)
    for (type_, name), title in zip(keys, titles, strict=True):
        if type_ is MentionType.PERSON:
            called[name].update([title] if title else [])
    alike = defaultdict[tuple[str, ...], dict[str, None]](dict)
    found: dict[str, str] = {}
    for name, own in called.items():
        if _generation(name) and name not in of_two:
            alike[_ends(name)][name] = None
        for other in alike.get(_ends(name), ()):
            if _is(name, "", other) and own <= called[other]:
                found.setdefault(name, other)
    return found


def generation_of(name: str) -> str:
    """Give the first word that a name says of a generation."""
    return _generation(name).partition(" ")[0]


def _ends(name: str) -> tuple[str, ...]:
    """Give a name's first word and surname."""
    words = without_generation(tuple(name.split()))
    return words[:1] + words[-1:]


def _generation(name: str) -> str:
    """Give what a name says of a generation; nothing for most names."""
    return " ".join(word for word in name.split()[1:] if word in GENERATION)


def _is(name: str, generation: str, other: str) -> bool:
    """Say whether a name has this generation and else is another: the first names are spelt out
    and equal, a middle name may be left out.
    """
    if _generation(name) != generation:
        return False
    mine, theirs = (without_generation(tuple(one.split())) for one in (name, other))
    if min(len(mine), len(theirs)) < 2 or mine[0] != theirs[0] or len(mine[0]) == 1:
        return False
    return mine == theirs or shortens(mine, theirs) or shortens(theirs, mine)


def _are_two(first: Mention, second: Mention, around: Surroundings) -> bool:
    """Say whether what stands between and beside two such names shows that they are two."""
    behind = around.behind(second)
    if LONGER.match(behind):
        return False
    owned = POSSESSIVE.search(first.text)
    between = (owned[0] if owned else "") + around.between(first, second).removeprefix(".")
    if len(between) > LONGEST:
        return False
    if brackets := BRACKETS.match(between):
        between = between[brackets.end() :]
    between = BLANK_AHEAD.sub("", between)
    if related := RELATED.fullmatch(between):
        return not SOMEBODY_ELSE.search(related["gap"] or "")
    before = around.before(first)[-REACH:]
    return (
        COUPLED.fullmatch(between) is not None
        and not AS_WORDS.search(before)
        and not ONE_PERSON.match(behind[:LONGEST])
        and (CLAUSE_BEGINS.search(before) is not None or not VERB.match(behind))
    )
