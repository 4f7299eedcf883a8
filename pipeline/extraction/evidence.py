"""What a name's own words and its neighbours say of its type, in English.

The head of a name is stronger than any reading of one sentence: what ends in "River" is a place,
what begins with "Ministry of" an organisation. Neighbours speak where the name itself is silent.
"""

from __future__ import annotations

import re

from pipeline.documents import MentionType
from pipeline.engines.common_surnames import COMMON_SURNAMES
from pipeline.engines.name_books import NameBooks
from pipeline.engines.short_forms import ACRONYM
from pipeline.extraction.words import FIRST_WORDS, HEADS, OF_HEADS, SURNAMES_TOO

LOCATIVE = re.compile(
    r"\b(?:(?:near|in|outside|inside|around|surrounding|northwest|northeast|southwest|southeast|north"
    r"|south|east|west|throughout):?\s+(?:of\s+)?(?:the\s+)?"
    r"|(?:city|town|village|province|port|suburbs?|outskirts|streets|isolation|liberation|siege)"
    r"\s+of\s+)$",
    re.IGNORECASE,
)
# What nothing but a place stands behind, also where the model saw a body.
OF_PLACES = re.compile(
    r"\b(?:(?:near|outside|inside|around|surrounding"
    r"|(?:north|south)?(?:north|south|east|west))(?:\s+of)?"
    r"|(?:area|city|district|island|outskirts|parish|port|province|region|suburbs?|town|village)\s+of)"
    r"\s+$"
)
# "Raqqah, Syria": what follows the comma is looked up.
IN_A_STATE = re.compile(r"\s?,\s+([A-Z][\w.]*(?:\s[A-Z][\w.]*)?)")
SURNAME_BEHIND = re.compile(r" ([A-Z][A-Za-z]+)\b(?:,? [JS]r\b\.?)?(?P<more>(?= [A-Z]))?")
ORG_CUE_AFTER = re.compile(
    r"(?:\s?['’]s?)?[ -](?:fighters?|militants?|terrorists?|operatives?|extremists?|insurgents?"
    r"|facilitators?|members?|employees?|executives?|shareholders?|spokes(?:man|woman|person)"
    r"|claimed|leadership|headquarters|affiliates?|recruits?|held|controlled|inspired|linked|affiliated)\b"
)
ORG_CUE_BEFORE = re.compile(
    r"(?:\b(?:counter|anti|pro)[- ]|\b(?:against|defeat|defeating|join(?:ed|ing)?|claimed by"
    r"|degrad(?:e|ing)(?: and \w+)?|group(?: called)?|organization"
    r"|(?:play(?:s|ed|ing)?|debut(?:ed)?|appearances?) for|career (?:for|playing (?:for|with))) )$",
    re.IGNORECASE,
)
# What stands before a place rather than a person or an organisation; alone it proves nothing.
TOWARDS = re.compile(
    r"\b(?:in|near|from|to|towards?|into|at|of|outside|inside|around|through|across|via|reach(?:ed)?"
    r"|enter(?:ed|ing)?|visit(?:ed|ing)?|isolat(?:e|ed|ing)|liberat(?:e|ed|ing)"
    r"|(?:re)?captur(?:e|ed|ing)|retak(?:e|en|ing)|seiz(?:e|ed|ing)):?\s+$",
    re.IGNORECASE,
)
PLACE_AND = re.compile(r"([A-Z][\w'’-]+),?\s+(?:and|or)\s+$")
NEAR = re.compile(
    r"(?:near|outside|inside|northwest|northeast|southwest|southeast)\s+(?=\S)", re.IGNORECASE
)
LANGUAGE_BEFORE = re.compile(
    r"\b(?:in(?:to)?|from(?: the)?|sp(?:eak(?:s|ing)?|oke|oken)|fluent in|translated)\s+$",
    re.IGNORECASE,
)
LANGUAGE_AFTER = re.compile(r"\s?:|[\s-]+(?:language|word|phrase|translation|for\b|dialect)")
NO_NOUN_AFTER = re.compile(r"\s?(?:[.,;:)\]]|and\b|or\b|by\b|as\b|$)")
VESSEL = re.compile(r"(?:USS|HMS|HMAS|HMCS|INS|FS|SS|RMS|USNS|USCGC|M/?V|M/?T)\s")
OFFICE_OF = re.compile(r"([A-Z]\w+)\s+of\s+(?:the\s+)?$")
REGNAL = re.compile(r"[^\W\d_]+\s(?:I{1,3}|IV|VI{0,3}|IX|XI{0,3}|XIV|XVI{0,3})", re.IGNORECASE)
# What a letter counts and does not crown ("Title IX").
COUNTED_IN_LETTERS = frozenset(
    """act annex appendix article book chapter class corps count counts division exhibit grade
    group level mark part phase region rule schedule section stage task tier title type unit
    volume zone""".split()  # noqa: SIM905
)
BEFORE_VERSUS = re.compile(r"\s+vs?\.\s")
NUMERAL = re.compile(r"[ivx]{1,4}|\d{1,4}", re.IGNORECASE)
SIDES = frozenset({"north", "south", "east", "west"})
REACH = 24
TAKEN_FOR_PLACES = frozenset({MentionType.PERSON, MentionType.ORG})


def by_own_words(name: str, books: NameBooks) -> MentionType | None:
    """Tell a type from a name's words alone; None if they do not say."""
    words = name.replace("’", "'").split()
    if len(words) < 2:
        return None
    if REGNAL.fullmatch(name) and words[0].lower() not in COUNTED_IN_LETTERS:
        return MentionType.PERSON
    if len(words) > 2 and NUMERAL.fullmatch(words[-1]):
        # "World War II"; rigour takes the numeral for a legal form.
        words.pop()
    if books.has_legal_form(" ".join(words)):
        return MentionType.ORG
    lower = [word.lower().strip(",.") for word in words]
    if "of" in lower[1:]:
        place = lower.index("of", 1) - 1
        # "State of Texas" is a place, "Islamic State of Iraq" need not be one.
        head, table = lower[place], OF_HEADS if place == 0 else HEADS
    else:
        # "Al Asad Airfield West": the head stands before the side.
        sided = len(lower) > 2 and lower[-1] in SIDES
        head, table = lower[-2 if sided else -1], HEADS
        if len(words) == 2 and head in SURNAMES_TOO:
            return None
    for type_, heads in table.items():
        if head in heads:
            return type_
    return FIRST_WORDS.get(lower[0])


def by_neighbours(
    text: str, start: int, end: int, type_: MentionType, books: NameBooks
) -> MentionType | None:
    """Tell a type from what stands around one mention of a name; None if that does not say."""
    before = text[max(0, start - REACH) : start].replace("\n", " ")
    after = text[end : end + REACH].replace("\n", " ")
    if ORG_CUE_AFTER.match(after) or ORG_CUE_BEFORE.search(before):
        return MentionType.ORG
    if type_ is MentionType.PERSON and LOCATIVE.search(before):
        return MentionType.GPE
    if type_ is MentionType.ORG and is_placed(text, start, end):
        return MentionType.GPE
    state = IN_A_STATE.match(after)
    if state and type_ in TAKEN_FOR_PLACES and " " not in text[start:end]:
        known = books.territory(state[1]) or books.territory(state[1].split(maxsplit=1)[0])
        return MentionType.GPE if known else None
    return None


def is_placed(text: str, start: int, end: int) -> bool:
    """Say whether one word stands where nothing but a place does ("the village of Quist")."""
    word = text[start:end]
    before = text[max(0, start - REACH) : start]
    return word.isalpha() and not word.isupper() and OF_PLACES.search(before) is not None


def in_a_place(text: str, start: int, end: int, type_: MentionType, books: NameBooks) -> bool:
    """Say whether a city's name stands where a place would: after "from", after a place and "and".

    Many cities are called like people and companies, so the name alone is not enough.
    """
    # "In Brown v. Board": the side of a case.
    if BEFORE_VERSUS.match(text, end) or not books.is_city(text[start:end]):
        return False
    before = text[max(0, start - REACH) : start]
    if LOCATIVE.search(before) or (
        type_ is not MentionType.ORG and TOWARDS.search(before) is not None
    ):
        return True
    neighbour = PLACE_AND.search(before)
    return neighbour is not None and (
        books.is_city(neighbour[1]) or books.territory(neighbour[1]) is not None
    )


def after_title(text: str, start: int, books: NameBooks) -> bool:
    """Say whether a name stands right behind a person's title ("Capt. Ada Lovelace")."""
    begin = max(0, start - REACH)
    return any(
        begin + word.start() + books.title_end(text[begin + word.start() : start]) == start
        for word in re.finditer(r"(?<=\s)[A-Z]\S*", text[begin:start])
    )


def in_title(text: str, start: int, end: int, books: NameBooks) -> bool:
    """Say whether a span is part of a title and no more ("Defense" of "Defense Secretary" and of
    "Secretary of Defense").
    """
    if start + books.title_end(text[start : end + REACH]) > end + 1:
        return True
    of = OFFICE_OF.search(text[max(0, start - REACH) : start])
    return of is not None and books.is_title(f"{of[1]} of {text[start:end]}")


def placed(text: str, start: int, end: int) -> int:
    """Measure a word of place that the model took for the first of a name ("Near Palmyra")."""
    match = NEAR.match(text, start, end)
    return match.end() - start if match else 0


def before_title(text: str, start: int, end: int, books: NameBooks) -> int:
    """Find where a title begins that reaches out of a name ("Pentagon Press" of "Pentagon Press
    Secretary"); the name's own end if none does.
    """
    for word in re.finditer(r"(?<=\s)\S+", text[start:end]):
        at = start + word.start()
        if at + books.title_end(text[at : end + REACH]) > end + 1:
            return start + len(text[start:at].rstrip())
    return end


def end_of_surname(text: str, end: int) -> int | None:
    """Find where the longer name ends that a person's name, ending at `end`, is the beginning of:
    "Martin Luther King" where "Martin Luther" is known. `end` if no common surname follows, None
    if that is not the end either ("Martin Luther King Center").
    """
    behind = SURNAME_BEHIND.match(text, end)
    if behind is None or behind[1].lower() not in COMMON_SURNAMES:
        return end
    return None if behind["more"] is not None else behind.end()


def is_language(text: str, start: int, end: int) -> bool:
    """Say whether a nation's adjective stands for its language ("in German", "Danish: Øst")."""
    if LANGUAGE_AFTER.match(text, end):
        return True
    spoken = LANGUAGE_BEFORE.search(text[max(0, start - REACH) : start])
    return spoken is not None and NO_NOUN_AFTER.match(text, end) is not None


def is_acronym(words: str) -> bool:
    """Say whether words are an acronym of three letters or more."""
    letters = words.replace(".", "")
    return len(letters) > 2 and ACRONYM.fullmatch(letters) is not None


def is_vessel(words: str) -> bool:
    """Say whether words name a ship, for which there is no type."""
    return VESSEL.match(words) is not None
