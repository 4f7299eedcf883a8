"""What made-up names are made of: how often each is used, and how it is spelt.

A name is a rank. The shares of the ranks are points on the curves of the census of the United
States (surnames of 2010, given names of 1990), straight on logarithmic scales between the points:
one person in 120 is a Smith, a hundred surnames are a sixth of all people, and a tenth of all
people have one of the millions of surnames that fewer than a hundred others have. So a larger
project has both: more people of the same common names, and more names that it did not have.
The first ranks are real names, the others are made of syllables, each always the same.
"""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

# (rank, share of all people at that rank)
SURNAME_SHARES = (
    (1, 8.3e-3), (10, 3.6e-3), (100, 8.5e-4), (1_000, 1.1e-4), (10_000, 1.0e-5),
    (100_000, 7e-7), (3_000_000, 1.5e-8),
)  # fmt: skip
GIVEN_SHARES = (
    (1, 1.65e-2), (10, 9e-3), (100, 2e-3), (1_000, 1.2e-4), (10_000, 4e-6), (100_000, 1e-7),
)  # fmt: skip
# Words that companies, and places, are called by: nothing so large is counted anywhere; the
# commonest ("American", "First"; "Washington", "Franklin") head some in a thousand.
BRAND_SHARES = ((1, 4e-3), (100, 5e-4), (10_000, 1e-5), (1_000_000, 1e-7))
PLACE_SHARES = ((1, 2e-3), (100, 6e-4), (10_000, 2e-5), (1_000_000, 1e-7))
SHARES = {"surname": SURNAME_SHARES, "given": GIVEN_SHARES, "brand": BRAND_SHARES,
          "place": PLACE_SHARES}  # fmt: skip
DRAWN_AT_ONCE = 1 << 14

SURNAMES = """smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez
lopez gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris
sanchez clark ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores
green adams nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans turner
diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz
morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez
wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross
foster jimenez""".split()
GIVEN = """james john robert michael mary william david richard charles joseph thomas patricia
christopher linda barbara daniel elizabeth paul jennifer maria mark susan margaret dorothy donald
george kenneth steven edward brian ronald anthony lisa nancy karen kevin betty helen jason sandra
matthew gary timothy donna jose larry carol ruth jeffrey sharon frank scott eric stephen michelle
laura andrew raymond sarah kimberly gregory deborah joshua jerry dennis jessica shirley cynthia
walter angela patrick peter melissa brenda harold douglas henry amy carl anna arthur rebecca
virginia ryan kathleen roger joe pamela martha debra juan amanda jack albert stephanie jonathan
carolyn christine marie justin terry janet gerald catherine keith frances samuel ann willie joyce
ralph diane lawrence alice nicholas julie roy heather benjamin teresa bruce doris brandon gloria
adam evelyn harry jean fred cheryl wayne mildred katherine louis joan steve ashley judith mohammed
ahmed aleksandr sergei dmitri mikhail yusuf ali chen wei""".split()
PET_NAMES: Mapping[str, Sequence[str]] = {
    full: pets.split()
    for full, pets in {
        "james": "jim jimmy", "john": "jack johnny", "robert": "bob rob bobby", "michael": "mike",
        "william": "bill will billy", "david": "dave", "richard": "rick dick", "charles": "chuck",
        "joseph": "joe", "thomas": "tom", "patricia": "pat patty", "christopher": "chris",
        "barbara": "barb", "daniel": "dan danny", "elizabeth": "liz beth betsy",
        "jennifer": "jen jenny", "susan": "sue", "margaret": "peggy maggie meg",
        "donald": "don", "kenneth": "ken", "steven": "steve", "edward": "ed ted eddie",
        "ronald": "ron", "anthony": "tony", "matthew": "matt", "timothy": "tim",
        "jeffrey": "jeff", "stephen": "steve", "andrew": "andy drew", "raymond": "ray",
        "gregory": "greg", "deborah": "deb debbie", "joshua": "josh", "jerome": "jerry",
        "cynthia": "cindy", "walter": "walt", "patrick": "pat", "peter": "pete",
        "douglas": "doug", "henry": "hank harry", "rebecca": "becky", "kathleen": "kathy",
        "pamela": "pam", "albert": "al bert", "jonathan": "jon", "christine": "chris tina",
        "catherine": "cathy kate", "samuel": "sam", "lawrence": "larry", "nicholas": "nick",
        "benjamin": "ben", "katherine": "kate kathy", "aleksandr": "sasha", "mikhail": "misha",
    }.items()
}  # fmt: skip
BRANDS = """american first national united general global pacific western apex summit pioneer
premier atlantic liberty eagle standard royal central northern southern advanced universal superior
sterling phoenix titan delta alpha omega legacy heritage cardinal horizon frontier beacon keystone
granite redwood silver golden evergreen riverside lakeside metro continental imperial crown diamond
crystal falcon hudson empire patriot allied mutual guardian fidelity""".split()
PLACES = """franklin clinton washington arlington centerville lebanon georgetown springfield chester
fairview greenville bristol dayton dover salem oakland milton newport ashland riverside cleveland
oxford burlington manchester kingston jackson marion auburn clayton winchester hudson milford
lexington richmond""".split()

ONSETS = """b br c ch cl cr d dr f fl fr g gl gr h j k kh kr l m n p ph pr qu r s sch sh sk sl sm sp
st str t th tr v w y z zh""".split()
VOWELS = "a e i o u ai au ea ee ei ie oa oo ou y".split()
CODAS = [
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    *"""b ck d ff g k l l ld ll lm m m n n nd ng nn p r r rd
rg rk rm rn rt s s ss st t t th tt v x z""".split(),
]
ENDINGS = {
    "surname": """son man ton ley field ford er ers berg stein ov enko ski ich in ez ero ado os ini
        etti oglu yan shvili idze sen sson en eau ard ell ett ings ini a o i""".split(),
    "given": "a ia ina ene el an on us o e ie in i ar ah im id ette elle ey".split(),
    "brand": "a o ex ix on is um ia co tech tek soft net dyne tron gen max star mark path".split(),
    "place": """ton ville burg field ford ham wick worth bury port stead dale wood brook mont
        haven by holm minster""".split(),
}


def cumulative(shares: Sequence[tuple[int, float]]) -> NDArray[np.float64]:
    """Give the share of all that the ranks up to each have, from 1 to the last rank."""
    points = np.log(np.array(shares, dtype=np.float64))
    ranks = np.log(np.arange(1, shares[-1][0] + 1, dtype=np.float64))
    summed = np.cumsum(np.exp(np.interp(ranks, points[:, 0], points[:, 1])))
    return np.asarray(summed / summed[-1], dtype=np.float64)


class Ranks:
    """Draws names by their shares, the same ones from the same seed, many at once."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._drawn: dict[str, list[int]] = {kind: [] for kind in SHARES}
        self._sums = {kind: cumulative(shares) for kind, shares in SHARES.items()}

    def given(self) -> str:
        """Draw a given name."""
        return given(self._rank("given"))

    def surname(self) -> str:
        """Draw a surname."""
        return surname(self._rank("surname"))

    def brand(self) -> str:
        """Draw the word that tells a company from others."""
        return brand(self._rank("brand"))

    def place(self) -> str:
        """Draw a place's name."""
        return place(self._rank("place"))

    def _rank(self, kind: str) -> int:
        drawn = self._drawn[kind]
        if not drawn:
            shares = self._random.random(DRAWN_AT_ONCE)
            drawn.extend(np.searchsorted(self._sums[kind], shares).tolist())
        return drawn.pop()


@cache
def surname(rank: int) -> str:
    """Give the surname of a rank, from 0."""
    return SURNAMES[rank] if rank < len(SURNAMES) else _spelt(rank, "surname")


@cache
def given(rank: int) -> str:
    """Give the given name of a rank."""
    return GIVEN[rank] if rank < len(GIVEN) else _spelt(rank, "given")


@cache
def brand(rank: int) -> str:
    """Give the word that tells a company from others."""
    return BRANDS[rank] if rank < len(BRANDS) else _spelt(rank, "brand")


@cache
def place(rank: int) -> str:
    """Give the name of a place."""
    return PLACES[rank] if rank < len(PLACES) else _spelt(rank, "place")


def _spelt(rank: int, kind: str) -> str:
    """Spell a name by a rank's digits, shuffled: a syllable or two, and an ending.
    Common names are short.
    """
    endings = ENDINGS[kind]
    left = (rank * 0x9E3779B97F4A7C15 + len(endings)) & 0xFFFF_FFFF_FFFF_FFFF
    left ^= left >> 29
    left, syllables = divmod(left, 4)
    word = ""
    for _ in range(2 if syllables and rank > 1_000 else 1):
        left, onset = divmod(left, len(ONSETS))
        left, vowel = divmod(left, len(VOWELS))
        left, coda = divmod(left, len(CODAS))
        word += ONSETS[onset] + VOWELS[vowel] + CODAS[coda]
    return word + endings[left % len(endings)]
