"""Two names of organisations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rapidfuzz.distance import OSA

from pipeline.documents import MentionType
from pipeline.engines.numerals import numbered
from pipeline.engines.peoples import PEOPLES
from pipeline.engines.short_forms import TRADES
from pipeline.registry.acronyms import STATE, acronym, initials
from pipeline.registry.organisation_words import (
    DIRECTIONS,
    EITHER_WAY,
    LEGAL,
    LEGAL_AHEAD,
    OF_A_STATE,
    ONE_SPELLING,
    SMALL,
    TWO_UNIVERSITIES,
    WRITTEN_OUT,
    names_a_saint,
)
from pipeline.registry.profiles import Profile, latin
from pipeline.registry.spelling import as_misread, without_doubles
from pipeline.registry.verdicts import OTHER_FORM, Comparison, Verdict, apart, unsure
from pipeline.registry.words import Likeness, are_names, likeness, slight, sound_alike

Territory = Callable[[str], str | None]
# A word so long is seldom one letter from another.
TELLING = 8
# Letters that an ampersand makes one word of: "P&G", "AT&T".
LETTERS_AND = re.compile(r"[a-z]{1,3}&[a-z]{1,2}")
ERRORS = frozenset({Likeness.SLIP, Likeness.HEARD})
# Words that thousands of organisations share: alone they make no name.
SHARED = TRADES | OF_A_STATE | EITHER_WAY | DIRECTIONS | frozenset(
    {
        "national", "federal", "american", "royal", "general", "public", "new", "first", "united",
        "association", "institute", "center", "society", "union", "school", "college", "club",
        "party", "committee", "foundation", "board", "authority", "police", "fire", "county",
        "city", "state", "district", "division", "local", "hospital", "health", "church", "museum",
        "trust", "fund", "bank", "system", "academy", "security"
    }
)  # fmt: skip


def organisation_profile(normal: str, territory: Territory) -> Profile:
    """Take an organisation's normal form apart: its words, its legal form, its initials."""
    written = latin(normal).replace("-", " ").replace("'", "").split()
    words = [
        part
        for word in written
        for part in ([word] if LETTERS_AND.fullmatch(word) else word.replace("&", " and ").split())
    ]
    words, form = _without_legal_form(words)
    spelt = [part for word in words for part in WRITTEN_OUT.get(word, word).split()]
    if names_a_saint(spelt):
        spelt[0] = "saint"
    # "Inc" inside a name is the word "in" (see the normal form).
    kept = [word for word in spelt if word not in SMALL and word != "inc"]
    tokens = tuple(_meant(kept, territory)) if kept else tuple(spelt)
    plain, letters = "".join(words).replace("&", "and"), initials(spelt, form)
    return Profile(MentionType.ORG, normal, plain, tokens, form, letters, frozenset(tokens))


def _without_legal_form(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part a name from its legal form, unless that is all of it."""
    start, end = 0, len(words)
    while end > 1 and (words[end - 1] in LEGAL or words[end - 1] == "and"):
        end -= 1
    while start < end - 1 and words[start] in LEGAL_AHEAD:
        start += 1
    form = {word for word in (*words[:start], *words[end:]) if word != "and"}
    return words[start:end], tuple(sorted(form))


def _meant(words: Sequence[str], territory: Territory) -> list[str]:
    """Write words by what they mean: numbers by value, territories as one word."""
    words = numbered(words)
    tokens, at, last = [], 0, len(words) - 1
    while at <= last:
        word = words[at]
        pair = f"{word} {words[at + 1]}" if at < last else ""
        if pair and (pair in _PAIRS or territory(pair)):
            tokens.append(pair.replace(" ", "-"))
            at += 2
            continue
        people = PEOPLES.get(word)
        tokens.append(people.replace(" ", "-") if people else ONE_SPELLING.get(word, word))
        at += 1
    return tokens


_PAIRS = frozenset({"united states", "united kingdom", "united nations", "european union"})


def compare_organisations(
    one: Profile, other: Profile, is_region: Callable[[str], bool]
) -> Comparison | None:
    """Compare two organisations' names."""
    if one.plain == other.plain:
        return _by_form(Comparison(Verdict.SAME, 0.98, ("spacing",)), one, other)
    if one.tokens == other.tokens:
        return _by_form(Comparison(Verdict.SAME, 0.95, ("abbreviation",)), one, other)
    found = acronym(one, other)
    if found is not None:
        return found
    found = _by_words(one, other, is_region)
    return found and _by_form(found, one, other)


def _by_words(one: Profile, other: Profile, is_region: Callable[[str], bool]) -> Comparison | None:
    """Compare names by the words that they share and those that they do not."""
    shared = one.marks & other.marks
    if not shared:
        return _misspelt(one, other)
    mine = [token for token in one.tokens if token not in shared]
    theirs = [token for token in other.tokens if token not in shared]
    if mine and theirs:
        return _other_words(one, other, mine, theirs, is_region)
    if mine:
        return _more_words(other, one, mine, 2, is_region)
    if theirs:
        return _more_words(one, other, theirs, 1, is_region)
    return _other_order(one, other, is_region)


def _by_form(found: Comparison, one: Profile, other: Profile) -> Comparison:
    """Let the legal forms count: one may be left out, two are two companies."""
    mine, theirs = set(one.tail), set(other.tail)
    if found.verdict in {Verdict.APART, Verdict.UNSURE} or mine == theirs:
        return found
    if mine <= theirs or theirs <= mine:
        return found._replace(
            rules=(*found.rules, "legal form left out"), score=min(found.score, 0.95)
        )
    return unsure(*found.rules, OTHER_FORM)


def _misspelt(one: Profile, other: Profile) -> Comparison | None:
    """Compare names that share no word: one may be a misspelling of the other."""
    if len(one.tokens) == len(other.tokens) == 1:
        like = likeness(one.plain, other.plain)
        length = min(len(one.plain), len(other.plain))
        if like is Likeness.OTHER or length < 6:
            return None
        # Short words are one letter from another company's: Nissan and Nissin, Sprint and Spring.
        # Two families' are two companies: Marvell and Marvel, Hoffmann and Hoffman. And two slips
        # lead further with each name: Accentura is Accenture, but Accentila no more.
        two = like in ERRORS and are_names(one.plain, other.plain)
        if (
            two
            or like is Likeness.NEAR
            or (like in ERRORS and not slight(one.plain, other.plain))
            or (length < TELLING and not _misread(one.plain, other.plain))
        ):
            return unsure("near")
        return _slipped(one, other, "slip")
    if abs(len(one.plain) - len(other.plain)) > 1 or min(len(one.plain), len(other.plain)) < 10:
        return None
    if OSA.distance(one.plain, other.plain, score_cutoff=1) == 1:
        return _slipped(one, other, "slip")
    return None


def _misread(one: str, other: str) -> bool:
    """Say whether words differ as OCR errs, in a double letter, or as one sound is spelt."""
    return (
        as_misread(one) == as_misread(other)
        or without_doubles(one) == without_doubles(other)
        or sound_alike(one, other)
    )


def _slipped(one: Profile, other: Profile, rule: str) -> Comparison:
    """Say that two names are probably one, misspelt."""
    near = OSA.normalized_similarity(one.plain, other.plain)
    return Comparison(Verdict.LIKE, round(0.8 + 0.15 * near, 3), (rule,))


def _other_order(
    one: Profile, other: Profile, is_region: Callable[[str], bool]
) -> Comparison | None:
    """Compare names with the same words in another order, or with one of them twice."""
    heads = one.marks & EITHER_WAY
    if not heads or sorted(one.tokens) != sorted(other.tokens):
        return unsure("other order")
    if "university" not in heads:
        return Comparison(Verdict.SAME, 0.92, ("order",))
    if any(token in TWO_UNIVERSITIES or is_region(token) for token in one.tokens):
        return unsure("other order")
    return Comparison(Verdict.LIKE, 0.88, ("order",))


def _more_words(
    short: Profile,
    long: Profile,
    more: Sequence[str],
    shorter: int,
    is_region: Callable[[str], bool],
) -> Comparison | None:
    """Compare a name to one that has all its words and more."""
    if _is_state_of(short, long, more):
        return Comparison(Verdict.SHORTER, 0.86, ("state left out",), shorter)
    if short.marks <= SHARED or all(is_region(token) for token in short.tokens):
        # Alone these words make no name that could be part of the other.
        return unsure("more words") if len(short.tokens) > 1 and _regions(more, is_region) else None
    if any(token[0] == "#" for token in more):
        return apart("other number") if short.tail and long.tail else unsure("more words")
    if len(more) == 1 and as_misread(more[0]) in {*map(as_misread, short.tail)}:
        return _slipped(short, long, "slip")  # "Acme lnc" for "Acme Inc"
    if short.tail and long.tail:
        return apart("other part")
    ends = long.tokens[: len(short.tokens)], long.tokens[-len(short.tokens) :]
    return unsure("more words") if short.tokens in ends else None


def _is_state_of(short: Profile, long: Profile, more: Sequence[str]) -> bool:
    """Say whether a longer name of a public body says only, besides, that it is of the state."""
    return (
        list(more) == [STATE]
        and short.tokens == tuple(token for token in long.tokens if token != STATE)
        and not short.marks.isdisjoint(OF_A_STATE)
    )


def _regions(tokens: Sequence[str], is_region: Callable[[str], bool]) -> bool:
    """Say whether all of some words are regions or directions."""
    return not any(token not in DIRECTIONS and not is_region(token) for token in tokens)


def _other_words(
    one: Profile,
    other: Profile,
    mine: Sequence[str],
    theirs: Sequence[str],
    is_region: Callable[[str], bool],
) -> Comparison | None:
    """Compare names that share words and each have others."""
    shared = one.marks & other.marks
    if _numbers(mine) and _numbers(theirs):
        return apart("other number")
    if _regions(mine, is_region) and _regions(theirs, is_region):
        return apart("other region")
    telling = not shared <= SHARED
    if len(mine) == len(theirs) and _in_one_place(one, other, mine, theirs):
        found = (
            _one_word_differs(one, other, mine[0], theirs[0], telling=telling)
            if len(mine) == 1
            else _words_differ(one, other, mine, theirs)
        )
        if found is not None:
            return found
    if telling and one.tokens[0] == other.tokens[0] and {*mine, *theirs} <= TRADES:
        return apart("other part")
    return None


def _in_one_place(one: Profile, other: Profile, mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Say whether the words in which names differ, one or half of all at most, stand alike."""
    return (
        len(one.tokens) == len(other.tokens)
        and (len(mine) == 1 or len(mine) * 2 <= len(one.tokens))
        and [*map(one.tokens.index, mine)] == [*map(other.tokens.index, theirs)]
    )


def _numbers(tokens: Sequence[str]) -> bool:
    """Say whether all of some words are numbers."""
    return tokens[0][0] == "#" and all(token[0] == "#" for token in tokens)


def _one_word_differs(
    one: Profile, other: Profile, mine: str, theirs: str, *, telling: bool
) -> Comparison | None:
    """Compare names that differ in one word."""
    if mine.rstrip("s") == theirs.rstrip("s") and min(len(mine), len(theirs)) > 3:
        return _slipped(one, other, "plural")
    if mine in SHARED and theirs in SHARED:
        return None
    like = likeness(mine, theirs)
    if like is Likeness.SPELT or (like in ERRORS and slight(mine, theirs)):
        return _slipped(one, other, "slip")
    return unsure("near") if like is Likeness.NEAR and telling else None


def _words_differ(
    one: Profile, other: Profile, mine: Sequence[str], theirs: Sequence[str]
) -> Comparison | None:
    """Compare names that differ in more than one word, and have as many in common."""
    slips = all(
        likeness(left, right) in ERRORS and slight(left, right)
        for left, right in zip(mine, theirs, strict=True)
    )
    return _slipped(one, other, "slip") if slips else None
