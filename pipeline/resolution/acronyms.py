"""Whether letters stand for a name: initials, the beginnings of words, capitals inside one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import without_written_form
from pipeline.engines.short_forms import SMALL_WORDS

SHORT = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})[A-Z][A-Za-z&]{1,11}(?:[- ]?\d{1,4})?")
PART = re.compile(r"\d+|[A-ZÀ-Þ]?[^\W\d_A-ZÀ-Þ]+|[A-ZÀ-Þ]+(?![^\W\d_A-ZÀ-Þ])")
LETTER = re.compile(r"\d+|[^\W\d_]")
STATE = re.compile(r"^(?:the\s+)?(?:United\s+States|U\.?S\.?)\s+", re.IGNORECASE)
SMALL = SMALL_WORDS | frozenset(
    {"an", "das", "del", "della", "der", "des", "di", "die", "do", "dos", "e", "el", "et", "für",
     "las", "le", "les", "los", "on", "und", "with", "y"}
)  # fmt: skip
# Fewer letters than this are initials only: the beginnings of words would fit too much.
SYLLABIC = 4
SYLLABLE = 5
LONGEST = 16
# A name may begin with a small word or two that give no letter. More pairs of letters and names
# that begin alike than this are a list, not a story.
HEADS, CROWD = 3, 50_000
Key = tuple[MentionType, str]


def link_acronyms(
    written: Sequence[tuple[Key, str]], *, of_people: bool
) -> Iterator[tuple[Key, Key]]:
    """Yield the keys of acronyms with that of the one name in the document that they stand for.

    `written` are the keys of names, sorted, with the words as written. People go by three initials
    or more and by no other letters.
    """
    fits: dict[Key, dict[str, Key]] = {}
    by_letter: dict[str, list[tuple[Key, str]]] = defaultdict(list)
    for key, text in written:
        if not is_acronym(text) or (not text.isupper() and len(PART.findall(text)) > 1):
            heads = [part[0].lower() for part in PART.findall(STATE.sub("", text))[:HEADS]]
            for letter in {*heads, text[:1].lower()}:
                by_letter[letter].append((key, text))
    shorts: dict[str, list[tuple[Key, str]]] = defaultdict(list)
    for key, text in written:
        if _may_be_short(key, text, of_people=of_people):
            shorts[text[0].lower()].append((key, text))
    for letter, some in shorts.items():
        long = by_letter[letter]
        for key, text in some if len(some) * len(long) <= CROWD else ():
            fits.setdefault(key, {}).update(
                {
                    other[1]: other
                    for other, name in long
                    if other[1] != key[1] and _is_short_of(text, name, of_people=of_people)
                }
            )
    for key, names in fits.items():
        if len(names) == 1:
            yield key, next(iter(names.values()))


def _may_be_short(key: Key, text: str, *, of_people: bool) -> bool:
    """Say whether words may be letters for a name. What the normal form has spelt out already
    ("US") stands for nothing else.
    """
    letters = text.replace(".", "")
    if of_people and not (letters.isupper() and 2 < len(letters) <= SYLLABIC):
        return False
    return is_acronym(text.split(" ", 1)[0]) and key[1].count(" ") <= text.count(" ")


def _is_short_of(short: str, long: str, *, of_people: bool) -> bool:
    """Say whether an acronym, or a name that begins with one, is short for a name."""
    if of_people and len(PART.findall(long)) < len(short.replace(".", "")):
        return False
    return (begins_with_letters if " " in short else stands_for)(short, long)


def is_acronym(words: str) -> bool:
    """Say whether words are written as an acronym is."""
    return SHORT.fullmatch(words.replace(".", "")) is not None


def stands_for(short: str, long: str) -> bool:
    """Say whether an acronym, as written, is one of a name, as written: of all its words, of those
    before its legal form, or of those behind the state it belongs to.
    """
    letters = [part.lower() for part in LETTER.findall(short)]
    if short.endswith("s") and len(letters) > 2 and short[:-1].isupper():
        letters = letters[:-1]
    return len(letters) > 1 and any(
        _fits(letters, words, SYLLABLE if len(letters) >= SYLLABIC else 1) for words in _forms(long)
    )


def begins_with_letters(short: str, long: str) -> bool:
    """Say whether a name is another with the first words as letters: "UNC Greensboro"."""
    letters, _, rest = short.partition(" ")
    tail = re.search(rf"(?:,? at|,)? {re.escape(rest)}$", long)
    return (
        bool(rest) and tail is not None and is_acronym(letters)
        and stands_for(letters, long[: tail.start()])
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _forms(long: str) -> list[list[str]]:
    """List the words of a name that letters may stand for: of all of it, of what stands before its
    legal form, of what stands behind its state.
    """
    forms = dict.fromkeys((long, without_written_form(long), STATE.sub("", long)))
    words = [[part.lower() for part in PART.findall(form.replace(".", ""))] for form in forms]
    return [some for some in words if 2 <= len(some) <= LONGEST and not SMALL.issuperset(some)]


def _fits(letters: list[str], words: list[str], most: int) -> bool:
    """Say whether letters can be dealt out to words, at most so many to one: in acronyms of some
    length a word may give several ("RUSNANO"). Small words may give none; numbers stand as written.
    """
    reached = {0}
    for word in words:
        further = set(reached) if word in SMALL else set()
        for at in reached:
            if word.isdigit():
                further |= {at + 1} if letters[at : at + 1] == [word] else set()
                continue
            for end in range(at + 1, min(at + most, len(letters)) + 1):
                if not word.startswith("".join(letters[at:end])):
                    break
                further.add(end)
        reached = further
    return len(letters) in reached
