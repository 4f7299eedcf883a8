"""Blocking keys of organisations, without their legal form.

`o` how all words sound, in any order
`d` how a telling word sounds, with the first letters of the others
`e` how the name sounds from its first telling word on, and somewhat into the next: blanks do not
matter
`p`, `q` that word's beginning and end, with how its neighbour sounds: the word is misspelt
`g` a long single word's beginning and end: the error is in its middle
`a` the acronym, which asks for the long forms that it can stand for
`f` all words, which asks for longer names that begin or end with them: a part, a branch, or a body
of some country; of two letters, for what they can stand for. Only people can say (see
`pipeline.blocking_keys`)

Before that, numbers are written in figures, and who is of a country as the country: "Third Army" is
"3rd Army", and "Indian Supreme Court" the "Supreme Court of India".

A telling word is one that is not in the table of words that many organisations have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_lowercase, digits

from pipeline.engines.common_surnames import COMMON_SURNAMES
from pipeline.engines.given_names import full_names
from pipeline.engines.legal_forms import SHORT_FORMS
from pipeline.engines.name_books import NameBooks
from pipeline.engines.numerals import numbered
from pipeline.engines.peoples import PEOPLES
from pipeline.engines.short_forms import SMALL_WORDS, TRADES
from pipeline.resolution.key_parts import MIXED_UP, all_letters, as_read, asked_if, pieces, sound
from pipeline.resolution.keys_of_people import GENERATIONS

# Two letters say too little: they are for people.
LEAST_LETTERS, MOST_LETTERS = 3, 8
MOST_SOUNDS = 9
MOST_WORDS_OF_A_STATE = 3
# One of eight letters without one: shorter ones are seldom misspelt in their middle, and crowded.
LONG_WORD = 7
COMMON = TRADES | {
    "academy", "administration", "affairs", "american", "army", "association", "authority",
    "board", "bureau", "center", "central", "chamber", "circuit", "city", "club", "college",
    "command", "commerce", "commission", "committee", "council", "county", "court", "department",
    "district", "division", "european", "federal", "federation", "fire", "force", "forces",
    "foreign", "foundation", "general", "government", "high", "hospital", "house", "housing",
    "institute", "joint", "law", "library", "medical", "ministry", "national", "new", "north",
    "office", "organization", "party", "police", "port", "public", "republic", "research", "royal",
    "school", "service", "society", "south", "state", "states", "supreme", "system", "task",
    "teachers", "union", "united", "university", "us", "water", "west", "world",
    as_read("1"),  # as "first" is
}  # fmt: skip
BODIES = frozenset({"department", "ministry", "office"})
# Words at the end that do not tell: legal forms, also as OCR misreads them, and generations.
ENDINGS = SHORT_FORMS | GENERATIONS | {
    "0", "1lc", "1nc", "1p", "1td", "ag", "c0", "c0rp", "gmbh", "iic", "iip", "ilc", "ip", "itd",
    "l1c", "lic", "lip", "lnc", "p1c", "pic", "sa",
}  # fmt: skip
SPELT_OUT = {"st": "saint", "ft": "fort", "mt": "mount"}


def _one_slip(word: str) -> Iterator[str]:
    """Yield what a word can be with one letter more, less or another."""
    for at in range(len(word) + 1):
        yield word[:at] + word[at + 1 :]
        for letter in ascii_lowercase:
            yield word[:at] + letter + word[at:]
            yield word[:at] + letter + word[at + 1 :]


# Small words inside a name, with an error.
DAMAGED = frozenset({*_one_slip("of"), *_one_slip("and"), "arid", "ancl"})


def keys_of_organisation(name: str, books: NameBooks) -> Iterator[str]:
    """Yield the keys of an organisation."""
    written = books.without_legal_form(name).replace("-", " ").replace("'", "").split() or [name]
    written[0] = SPELT_OUT.get(written[0], written[0])
    words, meant = _without_endings(written), _without_endings(_meant(written))
    yield all_letters(words)
    for end in range(1, min(len(words), MOST_WORDS_OF_A_STATE + 1)):
        if books.territory(" ".join(words[:end])):  # "Senate" asks whose it may be
            yield all_letters(words[end:]) + asked_if(False)
    main = _main_words(meant)
    sounds = [sound(word) for word in main]
    yield _of_all(main)
    yield "o" + "|".join(sorted(sounds))
    if len(main) == 1:
        yield from _of_one_word(words[0], main[0])
        return
    yield from (_of_all(some) + asked_if(False) for some in _shorter(meant, main, books))
    if main[:2] == ["united", "state"] and len(main) == 3:
        yield f"a{main[2]}"  # "U.S. SEC"
    yield from _of_letters(words)
    telling = [at for at, word in enumerate(main) if not _is_common(word)] or [0]
    for at in {telling[0], telling[-1], *([0] if len(main) > 2 else [])}:
        yield _by_word(sounds[at], at, main)
    at = telling[0]
    asked = asked_if(not all(map(_is_known, main)))
    yield f"e{_heard(''.join(main[at:]))}{asked}"
    beside = sounds[at + 1 if at + 1 < len(main) else at - 1]
    heads, tails = pieces(main[at])
    yield from (f"p{head}|{beside}{asked}" for head in heads)
    yield from (f"q{tail}|{beside}{asked}" for tail in tails)


def _of_one_word(written: str, word: str) -> Iterator[str]:
    """Yield the keys of a name of one word, which may be an acronym, or misspelt."""
    if LEAST_LETTERS <= len(written) <= MOST_LETTERS:
        yield f"a{written}"
    yield f"p{word[:5]}"
    yield f"q{word[-5:]}"
    if len(word) >= LONG_WORD:
        yield f"g{word[:3]}{word[-3:]}"


def _of_letters(words: Sequence[str]) -> Iterator[str]:
    """Yield the keys by which acronyms find what they can stand for."""
    for letters in _acronyms(words):
        if LEAST_LETTERS <= len(letters) <= MOST_LETTERS:
            yield f"a{letters}{asked_if(False)}"
        elif len(letters) == LEAST_LETTERS - 1:
            yield _of_all([letters]) + asked_if(False)


def _without_endings(words: Sequence[str]) -> list[str]:
    """Leave legal forms and generations out at the end, unless they are all there is."""
    last = len(words)
    while last > 1 and words[last - 1] in ENDINGS:
        last -= 1
    return list(words[:last])


def _meant(words: Sequence[str]) -> list[str]:
    """Write numbers in figures, and what is of a country as the country."""
    read = numbered(words)
    found: list[str] = []
    for at, word in enumerate(read):
        if word in PEOPLES:
            country = PEOPLES[word].split()
            # "Saudi Arabia" says it already.
            found += [word] if read[at : at + len(country)] == country else country
        else:
            found.append(word.removeprefix("#") or word)
    return found


def _shorter(
    words: Sequence[str], main: Sequence[str], books: NameBooks
) -> Iterator[Sequence[str]]:
    """Yield what a name's main words begin and end with that may be a name too, and what is left of
    it without the country at its beginning or end.
    """
    for end in sorted({1, 2, 3, len(main) - 1}):
        if end < len(main) and not (end == 1 and _is_common(main[0])):
            yield main[:end]
    if len(main) > 2 or not _is_common(main[1]):
        yield main[1:]
    for size in range(1, min(len(words), MOST_WORDS_OF_A_STATE + 1)):
        if books.territory(" ".join(words[:size])):
            yield _main_words(words[size:])
        if books.territory(" ".join(words[-size:])):
            yield _main_words(words[:-size])


def _of_all(words: Sequence[str]) -> str:
    """Make the key of all words, as they are written, in any order."""
    return "f" + "|".join(sorted(words))


def _heard(words: str) -> str:
    """Write how words sound, somewhat into them; figures in front have no sound, and stay."""
    rest = words.lstrip(digits)
    return words[: len(words) - len(rest)] + sound(rest)[:MOST_SOUNDS]


def _main_words(words: Sequence[str]) -> list[str]:
    """Give the words that count, each in the singular."""
    read = [as_read(word) for word in words]
    inside = range(1, len(read) - 1)
    return [
        _singular(word)
        for at, word in enumerate(read)
        if word not in SMALL_WORDS and not (at in inside and word in DAMAGED)
    ] or read


def _by_word(heard: str, at: int, words: Sequence[str]) -> str:
    """Make the key of a word with the letters of the others: it asks if one of these may be
    misspelt.
    """
    others = [word for place, word in enumerate(words) if place != at]
    letters = "".join(word[0] for word in others).translate(MIXED_UP)
    return f"d{heard}|{letters}{asked_if(not all(map(_is_known, others)))}"


def _acronyms(words: Sequence[str]) -> Iterator[str]:
    """Yield the initials that a long name can go by, with the state whose body it is and without:
    with small words, without them, with an ampersand, and without what kind of body it is.
    """
    of_state = list(words[:2]) == ["united", "states"] and len(words) > 3
    for some in (words, words[2:]) if of_state else (words,):
        main = [word for word in some if word not in SMALL_WORDS]
        yield "".join(word[0] for word in some)
        yield "".join(word[0] for word in main)
        if "and" in some:
            both = [word for word in some if word in main or word == "and"]
            yield "".join("&" if word == "and" else word[0] for word in both)
        if main and main[0] in BODIES:
            yield "".join(word[0] for word in main[1:])


def _singular(word: str) -> str:
    """Leave the ending of a plural out."""
    return word[:-1] if len(word) > 4 and word[-1] == "s" and word[-2] != "s" else word


def _is_known(word: str) -> bool:
    """Say whether a word is one of many names: it is hardly another one misspelt."""
    return _is_common(word) or word in COMMON_SURNAMES or bool(full_names(word))


def _is_common(word: str) -> bool:
    """Say whether a word tells no organisation from others."""
    return word in COMMON or f"{word}s" in COMMON
