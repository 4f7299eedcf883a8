"""Two names of people."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import OSA

from pipeline.documents import MentionType
from pipeline.engines.given_names import full_names, spelling_of
from pipeline.name_marks import MARKS, ONE_OF_TWO, OR_NOT, is_open, parted, unmarked
from pipeline.registry.given_fits import RULES, SAYS_LESS, Fit, given_fit, middle_fits
from pipeline.registry.profiles import Profile, latin
from pipeline.registry.verdicts import (
    FATHER_AND_SON,
    OTHER_GENERATION,
    Comparison,
    Verdict,
    apart,
    less_said,
    unsure,
)
from pipeline.registry.words import Likeness, likeness, same_bones, sound_alike

GENERATIONS = {
    "jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "2", "2nd": "2", "iii": "3",
    "3rd": "3", "iv": "4", "4th": "4",
}  # fmt: skip
# Words before a surname that are now written, now left out.
ARTICLES = frozenset({"al", "el", "ul", "as", "ash", "ad", "an", "ar", "at", "az"})
PARTICLES = ARTICLES | frozenset(
    {
        "van", "von", "der", "den", "de", "del", "della", "di", "da", "do", "dos", "das", "du",
        "la", "le", "las", "los", "bin", "ibn", "ben", "und", "zu", "zum", "zur", "ter", "ten",
        "af", "av"
    }
)  # fmt: skip
# "Servant of", which is no name without what follows.
SERVANTS = frozenset({"abdul", "abdel", "abdal", "abdoul", "abdol"})
SONS = {"ibn": "bin", "ben": "bin"}
SURNAMES = {
    Likeness.EQUAL: "surname", Likeness.SPELT: "surname spelling", Likeness.SLIP: "surname slip",
    Likeness.HEARD: "surname heard alike", Likeness.NEAR: "surname near",
}  # fmt: skip


def person_profile(normal: str) -> Profile:
    """Take a person's normal form apart: names, generation, particles."""
    words = latin(unmarked(normal)).replace("'", "").split()
    tail = []
    while len(words) > 1 and words[-1] in GENERATIONS:
        tail.append(GENERATIONS[words.pop()])
    last = words.pop().split("-") if words else []
    while len(last) > 1 and last[0] in PARTICLES:
        words.append(last.pop(0))
    given = _one_word_each([part for word in words for part in word.split("-") if part])
    surname = "".join(last)
    if given and len(surname) == 1 < len(given[0]) and all(len(part) == 1 for part in given[1:]):
        # "Smith J R": a surname before its initials.
        given, surname = [*given[1:], surname], given[0]
    tokens = (*(part for at, part in enumerate(given) if not at or part not in PARTICLES), surname)
    aside = tuple(
        SONS.get(part, part) for part in given[1:] if part in PARTICLES and part not in ARTICLES
    )
    return Profile(
        MentionType.PERSON,
        normal,
        "".join(given) + surname,
        tokens if surname else (),
        tuple(tail),
        aside,
        marks=frozenset((*tokens, *last)),
    )


def _one_word_each(given: list[str]) -> list[str]:
    """Write the Arabic names that are two words in one: "Abd al-Rahman", "Abdul Rahman"."""
    for at, name in enumerate(given[:-1]):
        ahead = 2 if name in {"abd", "abdu"} and given[at + 1] in PARTICLES else 1
        if (ahead == 2 or name in SERVANTS) and at + ahead < len(given):
            rest = given[at + ahead :]
            return [*given[:at], f"abdul{rest[0]}", *_one_word_each(rest[1:])]
    return given


def compare_people(one: Profile, other: Profile) -> Comparison | None:
    """Compare two people's names."""
    found = _compare(one, other)
    if found is None or found.verdict is Verdict.APART:
        return found
    open_ = [is_open(name.normal) for name in (one, other)]
    if all(open_) and parted(one.normal)[1] != parted(other.normal)[1]:
        # Behind Jr he is one, and behind Sr maybe the other.
        return unsure(*found.rules, "either of two")
    return found if open_[0] == open_[1] else less_said(found, 1 + open_[1], "either of two")


def _compare(one: Profile, other: Profile) -> Comparison | None:
    """Compare two people's names, whichever of two each may be."""
    if len(one.tokens) < 2 or len(other.tokens) < 2:
        return _by_one_word(one, other)
    if one.plain == other.plain:
        marks = {parted(name.normal)[1] for name in (one, other)}
        told = marks - {"", *OR_NOT.values()} if len(marks) > 1 else ()
        rules = [MARKS[mark] for mark in sorted(told)]
        if not rules:
            alike = one.tail != other.tail or unmarked(one.normal) == unmarked(other.normal)
            rules.append("equal" if alike else "spacing")
        found: Comparison | None = Comparison(Verdict.SAME, 0.98, tuple(rules))
    else:
        surname = likeness(one.tokens[-1], other.tokens[-1])
        if surname is Likeness.OTHER:
            found = _by_other_words(one, other)
        else:
            found = _by_given(one, other, surname)
        if found is not None and one.aside != other.aside:
            found = _with_particles(found, one.aside, other.aside)
    if found is None or one.tail == other.tail or found.verdict is Verdict.APART:
        return found
    if one.tail and other.tail:
        return apart(OTHER_GENERATION)
    if generation_told(one, other):
        return apart(FATHER_AND_SON)
    return less_said(found, 2 if one.tail else 1, "generation left out")


def generation_told(one: Profile, other: Profile) -> bool:
    """Say whether a text shows of one of two names with a generation, to tell its bearer from who
    is called so without it, and the other is that: the first name and the surname are equal.
    """
    if not one.tail:
        one, other = other, one
    return (
        bool(one.tail)
        and not other.tail
        and not is_open(other.normal)
        and one.normal.endswith(ONE_OF_TWO)
        and (one.tokens[0], one.tokens[-1]) == (other.tokens[0], other.tokens[-1])
    )


def _with_particles(found: Comparison, mine: Sequence[str], theirs: Sequence[str]) -> Comparison:
    """Let particles count: who leaves "van" out says less, and "von" for "van" is a slip."""
    if found.verdict is Verdict.APART:
        return found
    if not mine or not theirs:
        return less_said(found, 2 if mine else 1, "particle left out")
    rules = (*found.rules, "other particle")
    if found.verdict is Verdict.SAME:
        return Comparison(Verdict.LIKE, 0.88, rules)
    return Comparison(Verdict.UNSURE, 0.7, rules)


def _by_one_word(one: Profile, other: Profile) -> Comparison | None:
    """Compare names of which one is a single word: that says too little to stand for more."""
    if one.tail != other.tail:
        return None
    if one.plain == other.plain:
        return Comparison(Verdict.SAME, 0.95, ("spacing",))
    if len(one.tokens) != len(other.tokens):
        return None
    like = likeness(one.plain, other.plain)
    length = min(len(one.plain), len(other.plain))
    if like is Likeness.SPELT and length >= 5:
        return Comparison(Verdict.LIKE, 0.82, ("spelling",))
    return unsure("slip") if like is Likeness.SLIP and length >= 7 else None


def _by_other_words(one: Profile, other: Profile) -> Comparison | None:
    """Compare names with different last words: another order, or a longer surname."""
    mine, theirs = one.tokens, other.tokens
    if len(one.plain) == len(other.plain) and _turned(mine, theirs):
        if full_names(mine[0]) and full_names(theirs[0]):
            return unsure("order of two given names")
        return Comparison(Verdict.SAME, 0.92, ("order",))
    if mine[0] == theirs[-1] and mine[-1] == theirs[0] and 2 in {len(mine), len(theirs)}:
        found = unsure("order of two given names")
        if not full_names(mine[0]) or not full_names(theirs[0]):
            found = Comparison(Verdict.SAME, 0.92, ("order",))
        if len(mine) == len(theirs):
            return found
        return less_said(found, 1 if len(mine) < len(theirs) else 2, "middle left out")
    longer = mine[-1] in other.marks or theirs[-1] in one.marks
    if longer and given_fit(mine[0], theirs[0]) <= Fit.SECOND_PET:
        return unsure("given", "longer surname")
    return None


def _turned(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Say whether two names are the same words with the surname first in one."""
    return (
        sorted(mine) == sorted(theirs)
        or "".join(theirs) in _turns(mine)
        or "".join(mine) in _turns(theirs)
    )


def _turns(names: Sequence[str]) -> tuple[str, str]:
    """Write names with the last first, and with the first last."""
    return "".join((names[-1], *names[:-1])), "".join((*names[1:], names[0]))


def _by_given(one: Profile, other: Profile, surname: Likeness) -> Comparison | None:
    """Compare the given names of people whose surnames are alike."""
    mine, theirs = one.tokens[:-1], other.tokens[:-1]
    first = given_fit(mine[0], theirs[0])
    if first is Fit.OTHER or (first is Fit.NEAR and _two_names(mine[0], theirs[0])):
        return _by_other_given(mine, theirs, surname)
    rest = middle_fits(mine[1:], theirs[1:])
    if rest is None:
        return apart("other middle") if surname <= Likeness.SPELT else None
    fits = [first, *rest]
    rules = (SURNAMES[surname], *dict.fromkeys(RULES[fit] for fit in fits))
    shorter = {SAYS_LESS[fit] for fit in fits if fit in SAYS_LESS}
    if len(mine) != len(theirs):
        less, more = (1, theirs) if len(mine) < len(theirs) else (2, mine)
        rules = (*rules, "middle left out")
        # "J. A. Smith" says less than "John Smith", though it has an initial more.
        if shorter != {3 - less} or any(len(name) > 1 for name in more[1:]):
            shorter.add(less)
    return _weighed(one, other, surname, fits, shorter, rules)


def _weighed(
    one: Profile,
    other: Profile,
    surname: Likeness,
    fits: Sequence[Fit],
    shorter: set[int],
    rules: tuple[str, ...],
) -> Comparison:
    """Weigh what names of people have in common and what they leave open."""
    if Fit.NEAR in fits or (surname is Likeness.NEAR and fits.count(Fit.EQUAL) < 2):
        # Johnson and Johnston; with a middle name in common it is rather a slip.
        return Comparison(Verdict.UNSURE, 0.65, rules)
    doubts = sum(fit > Fit.SECOND_INITIAL for fit in fits) + (surname > Likeness.SPELT)
    if len(one.tokens[0]) == len(other.tokens[0]) == 1:
        doubts += surname > Likeness.EQUAL  # an initial tells few people apart
    if doubts > 1 and not shorter and _transliterated(one.tokens, other.tokens):
        return Comparison(Verdict.LIKE, 0.8, rules)
    if doubts + len(shorter) > 1:
        return Comparison(Verdict.UNSURE, 0.7, rules)
    if doubts:
        near = OSA.normalized_similarity(one.plain, other.plain)
        return Comparison(Verdict.LIKE, round(0.8 + 0.15 * near, 3), rules)
    if shorter:
        return Comparison(Verdict.SHORTER, 0.82 if "initial" in rules else 0.88, rules, *shorter)
    return Comparison(Verdict.SAME, 0.96 if max(fits) < Fit.PET else 0.92, rules)


def _transliterated(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Say whether names differ, word for word, as transliterations of one name do."""
    return len(mine) == len(theirs) and len(mine[0]) > 1 and all(map(same_bones, mine, theirs))


def _by_other_given(
    mine: Sequence[str], theirs: Sequence[str], surname: Likeness
) -> Comparison | None:
    """Compare people with one surname whose first names differ."""
    if surname > Likeness.SPELT or {mine[0], theirs[0]} & PARTICLES:
        return None  # "Van Gogh" is a surname alone
    for short, long, which in ((mine, theirs, 1), (theirs, mine, 2)):
        if len(short) < len(long) and _within(short, long[1:]):
            # "Edgar Hoover" for "J. Edgar Hoover"; "Paul Jones" may be no "John Paul Jones".
            if len(long[0]) == 1 < len(short[0]):
                rules = (SURNAMES[surname], "given", "first initial left out")
                return Comparison(Verdict.SHORTER, 0.82, rules, which)
            return unsure(SURNAMES[surname], "first given left out")
        if len(short) == 1 < len(long) and short[0] == "".join(name[0] for name in long):
            return Comparison(Verdict.SHORTER, 0.82, (SURNAMES[surname], "initial"), which)
    if any(_may_abbreviate(*pair) for pair in ((mine[0], theirs[0]), (theirs[0], mine[0]))):
        return unsure(SURNAMES[surname], "initial of a pet name")
    return apart("other given")


def _may_abbreviate(initial: str, name: str) -> bool:
    """Say whether an initial is that of a name for which another is a pet name (W. for Bill)."""
    return len(initial) == 1 and any(full[0] == initial for full in full_names(name))


def _within(short: Sequence[str], long: Sequence[str]) -> bool:
    """Say whether some names are all among others, in order."""
    fits = middle_fits(short, long) if len(short) <= len(long) else None
    return fits is not None and max(fits) <= Fit.SECOND_PET


def _two_names(one: str, other: str) -> bool:
    """Say whether two words are two given names, and heard as two."""
    mine, theirs = full_names(one), full_names(other)
    alike = sound_alike(one, other) or spelling_of(one) == spelling_of(other)
    return bool(mine and theirs) and mine.isdisjoint(theirs) and not alike
