"""Blocking keys of people: a part of the given name with a part of the surname.

`n` how both sound, pet names as the full ones that they stand for, spellings as one of them
`i` the initial, with how the surname sounds; `m` two initials
`u`, `w` the initial, with the surname's beginning and end
`s`, `t` how one of the two sounds, with the other's beginning and end: one of them is misspelt
`l` how both sound: asks for longer names of which they are a part ("Hillary Rodham Clinton"); only
people can say (see `pipeline.blocking_keys`)

Which of the two comes first does not matter for `n`, `s`, `t` and `l`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.engines.common_surnames import COMMON_SURNAMES
from pipeline.engines.given_names import full_names, spelling_of
from pipeline.engines.legal_forms import SHORT_FORMS
from pipeline.resolution.key_parts import all_letters, as_read, asked_if, pieces, sound

# A pet name of more is asked for by some of them.
MOST_FULL_NAMES = 4
GENERATIONS = frozenset({"jr", "junior", "sr", "senior", "ii", "iii", "iv", "2nd", "3rd", "4th"})
PARTICLES = frozenset(
    """al el ul as ash ad an ar at az van von der den de del della di da do dos das du la le las los
    bin ibn ben y e und zu zum zur ter ten af av mac mc""".split()  # noqa: SIM905
)


def keys_of_person(name: str) -> Iterator[str]:
    """Yield the keys of a person."""
    words = name.replace("-", " ").replace("'", "").split()
    while len(words) > 1 and (words[-1] in GENERATIONS or words[-1] in SHORT_FORMS):
        words.pop()
    yield all_letters(words)
    last = len(words) - 1
    words = [word for at, word in enumerate(words) if at in {0, last} or word not in PARTICLES]
    if len(words) < 2:
        return
    given, *middle, surname = map(as_read, _in_order(words))
    family, fulls = sound(surname), sorted(full_names(given))[:MOST_FULL_NAMES]
    yield from _of_initials(given, fulls, middle, surname)
    # "J. Edgar Hoover" is called by the second name, which stands in full.
    called = [given, *fulls] if len(given) > 1 else [word for word in middle[:1] if len(word) > 1]
    called = [name for word in called for name in dict.fromkeys((word, spelling_of(word)))]
    for word in called:
        yield "n" + "|".join(sorted((sound(word), family)))
    if len(given) > 1:
        asked = asked_if(surname not in COMMON_SURNAMES)
        yield from _misspelt(_by_full_name(given), surname, asked)
        yield from _misspelt(family, given, asked_if(not fulls))
        yield _part(_by_full_name(given), family)
    if full := [word for word in middle if len(word) > 1]:
        # "Mitt Romney" of Willard Mitt, and "Hillary Rodham".
        yield _part(_by_full_name(full[0]), family) + asked_if(False)
        yield _part(_by_full_name(given), sound(full[-1])) + asked_if(False)


def _by_full_name(given: str) -> str:
    """Write how a given name sounds, a pet name as the one that it stands for."""
    fulls = full_names(given)
    return sound(next(iter(fulls)) if len(fulls) == 1 else given)


def _part(one: str, other: str) -> str:
    """Make the key of two sounds that may be a part of a longer name."""
    return "l" + "|".join(sorted((one, other)))


def _in_order(words: Sequence[str]) -> Sequence[str]:
    """Put a surname last that stands before initials ("Smith J R") or a known given name."""
    first, last = words[0], words[-1]
    if len(first) > 1 and len(last) == 1:
        return [*words[1:], first]
    is_given = bool(full_names(last)) and last not in COMMON_SURNAMES
    if len(first) > 1 and is_given and not full_names(first):
        return [last, *words[1:-1], first]
    return words


def _of_initials(
    given: str, fulls: Sequence[str], middle: Sequence[str], surname: str
) -> Iterator[str]:
    """Yield the keys by which initials meet the names that they can stand for; these do not ask."""
    family, asked = sound(surname), asked_if(len(given) == 1)
    for initial in {given[0], *(full[0] for full in fulls)}:
        yield f"i{initial}{family}{asked}"
    if middle:
        yield f"m{given[0]}{middle[0][0]}{family}{asked}"
    heads, tails = pieces(surname)
    yield from (f"u{given[0]}{head}{asked}" for head in heads)
    yield from (f"w{given[0]}{tail}{asked}" for tail in tails)
    if len(given) > 1 and not fulls:
        # Of two words that are no known given name either may be the surname.
        yield f"i{surname[0]}{sound(given)}{asked}"


def _misspelt(heard: str, word: str, asked: str) -> Iterator[str]:
    """Yield the keys of a name of which one word is right and the other may have an error."""
    heads, tails = pieces(word)
    yield from (f"s{heard}|{head}{asked}" for head in heads)
    yield from (f"t{heard}|{tail}{asked}" for tail in tails)
