"""What a text itself says that a name is: "Westmere is a hamlet", "the band Quist", "she died".

A sentence that defines a name is worth more than any reading of the name in another one. A thing
that is no person, body or place (an album, a ship) is told too, so that it can be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.engines.sentence_starts import FINITE
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.evidence import by_own_words
from pipeline.extraction.repair import plausible, trim
from pipeline.extraction.words import (
    ADDRESSED,
    LOOSE_WORDS,
    NOBODY,
    OFFICIAL,
    PARTIES,
    PLACES,
    WORKS,
)

THING = "thing"
Kind = MentionType | str

KINDS: Mapping[str, Kind] = {
    word: kind
    for kind, words in {
        MentionType.PERSON: """academic activist actor actress admiral adviser ambassador
            anthropologist architect archbishop artist astronaut astronomer athlete attorney author
            banker baron baseballer basketballer bassist biologist bishop blogger boxer broadcaster
            brother businessman businesswoman captain cardinal cartoonist chairman chemist
            choreographer cinematographer clergyman coach colonel comedian commander composer
            conductor congressman congresswoman councillor cousin cricketer critic cyclist dancer
            daughter dentist designer diplomat director dj doctor dramatist drummer economist editor
            emperor engineer entrepreneur essayist executive father film-maker filmmaker
            footballer geologist geographer goalkeeper golfer governor guitarist gymnast historian
            husband illustrator inventor journalist judge jurist keyboardist king lawyer lecturer
            lexicographer librarian linguist lyricist magician magistrate manager mathematician
            mayor merchant midfielder minister missionary monk mother musician naturalist
            nephew neuroscientist niece novelist nun nurse officer organist painter
            paleontologist pharmacist philanthropist philosopher photographer physician physicist
            pianist pioneer playwright poet politician presenter priest prince princess
            producer professor programmer psychiatrist psychologist publisher queen rabbi racer
            rapper representative researcher saint saxophonist scholar scientist screenwriter
            sculptor senator sheriff singer singer-songwriter sister skater skier
            sociologist solicitor soldier son songwriter soprano spy statesman striker surgeon
            surveyor swimmer teacher tenor theologian translator violinist
            vocalist volleyballer widow wife wrestler writer youtuber zoologist""",
        MentionType.ORG: """agency airline army association band bank battalion brewery brigade
            broadcaster business charity choir chain club college company conglomerate consortium
            consultancy corporation duo ensemble federation firm foundation group
            institute institution label law-firm league manufacturer militia ministry museum
            network newspaper ngo nonprofit non-profit operator orchestra organisation
            organization party publisher quartet regiment retailer school seminary squadron
            startup subsidiary supermarket team think-tank trio troupe union university""",
        MentionType.GPE: """arrondissement borough canton capital city city-state colony commune
            community comune country county department district duchy governorate
            hamlet kingdom locality municipality nation neighborhood neighbourhood
            oblast parish port prefecture province region republic settlement state
            suburb territory town township village voivodeship""",
        MentionType.LOC: """archipelago basin bay beach canyon cape cave coast creek desert fjord
            forest glacier gulf hill island islet lagoon lake mountain mountains peak peninsula
            plain plateau reef reservoir ridge river sea site stream strait tributary
            valley volcano waterfall wetland""",
        MentionType.FAC: """abbey airport airfield amphitheatre aqueduct avenue barracks bridge
            building canal castle cathedral cemetery church dam expressway fort fortress freeway
            hall highway hospital hotel house lighthouse mall mansion monastery monument mosque
            motorway palace park pier plantation prison railway road ruins skyscraper square
            stadium station street temple theatre tower tunnel""",
        THING: """album aircraft airliner anime award battleship beetle bird boat
            book breed car charger comedy corvette cruiser destroyer dialect disease
            documentary drama dreadnought drug engine ep episode film fish flower flowerless
            frigate fungus game gene genus gunboat helicopter instrument language
            locomotive magazine mammal manga medal medication mineral missile mixtape moth movie
            musical novel opera painting pistol plant play poem prize protein rifle schooner
            sculpture ship shrub single sitcom snake software song soundtrack species spider
            steamship submarine symphony torpedo tournament tree vaccine videogame virus
            warship website weapon yacht""",
    }.items()
    for word in words.split()
}  # fmt: skip
DATED = re.compile(r"\s?\(\s?(?:1[6-9]|20)\d\d\s?\)\s?[,.;]?\s(?!\d)")
ITS_VERB = re.compile(rf"\s+(?:had\s+)?(?:[a-z]+ly\s+)?{FINITE}|\s?['’]s?\s")
# What has many heads: "a group of islands", "one of the founders".
OPEN_OF = re.compile(r"\s+of\b")
BRACKET = re.compile(r"\s*\([^()]{0,200}\)")
ALIAS = re.compile(
    r"\s*,?\s*(?:also|formerly|commonly|originally|better|officially|sometimes)?\s*"
    r"(?:known|called|spelled|referred\s+to)\s+(?:\w+\s+)?as\s+[^,;.()]{2,60}(?:,|(?=\())"
)
COPULA = re.compile(
    r"\s*,?\s+(?:is|was|are|were|remains|became)\s+(?:(?:also|now|currently|formerly|once)\s+)?"
    r"(?:an?|the|one\s+of\s+the)\s+"
)
APPOSED = re.compile(r"\s*,\s+(?:an?|the)\s+")
# What follows an apposition; a verb there makes it the subject of its own.
APPOSED_END = re.compile(
    r"\s*(?:$|[,.;:)(]|(?:in|of|at|on|from|to|by|for|with|that|which|who|whose|where|and|as|located"
    r"|situated|based|near|between)\b)"
)
PREDICATE = re.compile(
    r"(?:(?!(?:in|of|at|on|from|to|by|for|with|that|which|who|whose|where|when|and|or|as|located"
    r"|situated|based|near|between|is|was|has|had|said|will)\b)[\w’'.-]+\s*){1,9}"
)
WORD = re.compile(r"[\w’'-]+")
LIVED = re.compile(
    r"\s*,?\s+(?:(?:was|were)\s+(?:born|married|buried|raised|educated|knighted)\b"
    r"|(?:died|married|graduated|studied)\b)"
)
BORN = re.compile(r"\s*\(\s*[^()]{0,60}?\b(?:born|née|b\.)\s")
# "(4 July 1823 – 20 August 1899)"; with bare years the span must be as long as a life.
LIFETIME = re.compile(
    r"\s*\((?:[^()]{0,40}[,;]\s)?[^()\d]{0,12}(?P<day>\d{1,2}\s)?[^()\d]{0,12}(?:\d{1,2}\s?,\s)?"
    r"(?P<born>1\d{3}|20\d\d)[^()\d]{0,24}?\s?[–—-]\s?[^()]{0,20}?(?P<died>1\d{3}|20\d\d)\s*\)"
)
LIFE = range(18, 110)
PERSONAL = re.compile(r"[A-ZÀ-Þ][\w.’'-]+(?:\s+(?:[a-z]{2,3}\s+)?[A-ZÀ-Þ][\w.’'-]*){1,5}")
# What nobody is in, so that an apposition behind "in X" is not of X.
NOT_IN = frozenset({MentionType.PERSON, MentionType.ORG})
IN_BEFORE = re.compile(r"\b(?:in|at|near)\s+$", re.IGNORECASE)
KIN = (
    r"son|daughter|wife|husband|widow|brother|sister|mother|father|uncle|aunt|nephew|niece|cousin"
    r"|grandson|granddaughter|grandfather|grandmother"
)
KIN_BEFORE = re.compile(
    rf"\b(?:(?:{KIN})s?\s+of|(?:he|she|who)\s+(?:re-?)?married)\s+$", re.IGNORECASE
)
KIN_AFTER = re.compile(rf"\s?['’]s\s+(?:\w+\s+)?(?:{KIN}|death|birthplace|autobiography)\b")
LIVED_IN = re.compile(
    r"\b(?:born|raised|resid(?:es|ed|ing)|liv(?:es|ed|ing)|located|situated|headquartered)\s+"
    r"(?:in|near)\s+(?:the\s+)?$"
    r"|\b(?:city|town|village|suburb|municipality|district|province|county|region|borough|capital)"
    r"\s+of\s+$"
)
BEFORE = re.compile(r"\b([a-z][a-z-]+)\s+$")
OF_KIND = re.compile(r"\b(?:the|an?)\s+(?:\w+\s)?([a-z]+)\s+(?:of|called|named)\s+$")
REACH = 260
MODEL = "definition"
CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w.’'&-]*"
# The name that a sentence begins with, with a nickname in quotes or brackets inside.
SUBJECT = re.compile(
    rf"(?:The\s+)?(?P<name>{CAPITAL}(?:\s+(?:(?:of|the|de|des|du|da|di|la|von|van|der|den|zu|og|y|al"
    rf"|bin|ibn|and|&|for|against|-|[\"“(]\s?{CAPITAL}\s?[\"”)])\s+){{0,3}}{CAPITAL}){{0,7}})"
)
PLURAL = re.compile(r"\s(?:and|&)\s")


def defined_names(document: DocumentText, books: NameBooks) -> Iterator[Candidate]:
    """Yield the names that a sentence begins with and defines, seen by the model or not.

    A single word must have its capital inside a sentence too: every sentence begins with one.
    """
    for begin, stop in document.sentences:
        subject = SUBJECT.match(document.text, begin, stop)
        if subject is None:
            continue
        start, end = subject.span("name")
        kind = _said(document.text, start, end)
        if not isinstance(kind, MentionType):
            continue
        start = _without_role(document.text, start, end, kind, books)
        if not _may_be_named(document, document.text[start:end], kind):
            continue
        own = by_own_words(document.text[start:end], books)
        kind = own if own in PLACES and kind is not MentionType.PERSON else kind
        found = Candidate(start, end, kind, Rank.RULE, MODEL)
        name = trim(document.text, found, books)
        if name is not None and plausible(document.of_span(name), name, books):
            yield name


def _without_role(text: str, start: int, end: int, kind: Kind, books: NameBooks) -> int:
    """Leave out the part in a case, and before a person the offices, that stand before a name
    ("Plaintiff Globex Inc.", "Chief Executive Officer Jane Doe"); gives the new start.
    """
    while start < end:
        word, _, rest = text[start:end].partition(" ")
        title = books.title_end(text[start:end]) if kind is MentionType.PERSON else 0
        role = word.lower() in PARTIES or (kind is MentionType.PERSON and word.lower() in OFFICIAL)
        if not rest or not (title or role):
            break
        start = end - len(rest.lstrip()) if role else start + title
    return start


def _may_be_named(document: DocumentText, name: str, kind: Kind) -> bool:
    """Say whether the words before a definition may be a name: no pronoun, no part in a case, and
    a single word has its capital inside a sentence too.
    """
    first, _, more = name.lower().partition(" ")
    if first in LOOSE_WORDS or first in NOBODY or not first:
        return False
    if not more and (first in PARTIES or first in ADDRESSED or first in KINDS):
        return False
    if not more and not document.cases.capital.get(first):
        return False
    return kind is not MentionType.PERSON or PLURAL.search(name) is None


def defined(text: str, start: int, end: int) -> Kind | None:
    """Tell what a text says that the name at a span is; None if it does not say."""
    before, after = text[max(0, start - 40) : start], text[end : end + REACH]
    if KIN_BEFORE.search(before) or KIN_AFTER.match(after):
        return MentionType.PERSON
    said = _said(text, start, end)
    # "Born in Rome, the daughter of actors": of Rome the apposition says nothing.
    # Nor do "the largest newspaper in Rome, the fifth largest of all" and "born at Rome, a son of".
    if said is not None and not (said in NOT_IN and IN_BEFORE.search(before)):
        return said
    return MentionType.GPE if LIVED_IN.search(before) else _named(before)


def _said(text: str, start: int, end: int) -> Kind | None:
    """Tell the kind that what follows a name gives it: a predicate, an apposition, a life."""
    after = text[end : end + REACH]
    if LIVED.match(after) or BORN.match(after) or _lived(text[start:end], after):
        return MentionType.PERSON
    at = 0
    for skipped in (BRACKET, ALIAS, BRACKET):
        if between := skipped.match(after, at):
            at = between.end()
    for pattern in (COPULA, APPOSED):
        if said := pattern.match(after, at):
            kind = _head(after, said.end(), apposed=pattern is APPOSED)
            if kind is not None:
                return kind
    return None


def _lived(name: str, after: str) -> bool:
    """Say whether the years of a life stand behind what may be a person's name."""
    life = LIFETIME.match(after)
    if life is None or PERSONAL.fullmatch(name) is None:
        return False
    return int(life["died"]) - int(life["born"]) in LIFE


def _head(text: str, start: int, *, apposed: bool) -> Kind | None:
    """Tell the kind of what a predicate says: of its words of a kind the last one counts."""
    predicate = PREDICATE.match(text, start)
    if predicate is None or (apposed and not APPOSED_END.match(text, predicate.end())):
        return None
    # A word with a capital there is part of another name: "in Vienna, the Quist Group met".
    words = [word[0] for word in WORD.finditer(predicate[0])]
    for word in reversed(words):
        kind = KINDS.get(word) or KINDS.get(word.removesuffix("s"))
        if kind is not None:
            several = word == words[-1] and word in ("group", "series", "team", "band")
            return None if several and OPEN_OF.match(text, predicate.end() - 1) else kind
    return None


def _named(before: str) -> Kind | None:
    """Tell the kind that a common noun right before a name gives it ("the band Quist")."""
    if of := OF_KIND.search(before):
        kind = KINDS.get(of[1])
        return kind if kind is MentionType.GPE else None
    noun = BEFORE.search(before)
    kind = KINDS.get(noun[1]) if noun else None
    return kind if kind in (MentionType.PERSON, MentionType.ORG) else None


def is_work(text: str, start: int, end: int, type_: MentionType) -> bool:
    """Say whether what stands around a name makes it the title of a work: a year in brackets
    behind it, which people have in quotations only ("The Marn Years (1992)"), or a word for works
    right before it ("the film Quist"), and no verb of its own ("the film Ann Lee made").
    """
    if type_ is not MentionType.PERSON and " " in text[start:end] and DATED.match(text, end):
        return True
    noun = BEFORE.search(text[max(0, start - 40) : start])
    return noun is not None and noun[1] in WORKS and ITS_VERB.match(text, end) is None
