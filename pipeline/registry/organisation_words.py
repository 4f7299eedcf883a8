"""What the words of organisations' names mean to a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.engines.given_names import full_names
from pipeline.engines.legal_forms import FORMS, SHORT_FORMS
from pipeline.engines.short_forms import SMALL_WORDS

# Legal forms as normal forms write them, at the end of a name.
LEGAL = SHORT_FORMS | frozenset(FORMS) | frozenset(
    {
        "gmbh", "ag", "kg", "kgaa", "ug", "sa", "sas", "sarl", "srl", "spa", "sl", "sau", "nv",
        "bv", "se", "ab", "asa", "as", "oy", "oyj", "aps", "kk", "pty", "pte", "bhd", "sdn",
        "berhad", "ltda", "ltee", "ao", "zao", "oao", "ooo", "pao", "pjsc", "ojsc", "jsc", "cjsc",
        "doo", "sro", "kft", "zrt", "pllc", "lllp", "pc"
    }
)  # fmt: skip
# Those that stand before the name.
LEGAL_AHEAD = frozenset({"ao", "zao", "oao", "ooo", "pao", "pjsc", "ojsc", "jsc", "cjsc"})
SMALL = SMALL_WORDS | {"by", "with", "from", "its", "les", "des", "der", "die", "das", "und", "et"}
WRITTEN_OUT = {
    "dept": "department", "intl": "international", "natl": "national", "univ": "university",
    "assn": "association", "assoc": "association", "govt": "government", "inst": "institute",
    "bros": "brothers", "mfg": "manufacturing", "svcs": "services", "svc": "service",
    "cttee": "committee", "ctr": "center", "mgmt": "management", "dist": "district",
    "hosp": "hospital", "mtg": "mortgage", "fin": "financial", "grp": "group", "ins": "insurance",
    "labs": "laboratories", "lab": "laboratory", "indus": "industries", "ind": "industries",
    "hldgs": "holdings", "tech": "technology", "commn": "commission", "admin": "administration",
    "ft": "fort", "mt": "mount", "us": "united states", "usa": "united states",
    "uk": "united kingdom", "un": "united nations", "eu": "european union",
}  # fmt: skip
# British and American spellings of words that organisations have in their names.
ONE_SPELLING = {
    "organisation": "organization", "organisations": "organizations", "centre": "center",
    "centres": "centers", "defence": "defense", "labour": "labor", "programme": "program",
    "theatre": "theater", "harbour": "harbor", "aluminium": "aluminum", "tyre": "tire",
    "grey": "gray", "fibre": "fiber", "licence": "license",
}  # fmt: skip
DIRECTIONS = frozenset(
    {
        "north", "south", "east", "west", "northern", "southern", "eastern", "western", "northeast",
        "northwest", "southeast", "southwest", "northeastern", "northwestern", "southeastern",
        "southwestern", "central", "middle", "upper", "lower"
    }
)  # fmt: skip
# Heads of names that are said before or after what they are of.
EITHER_WAY = frozenset({"university", "ministry", "department", "embassy", "parliament", "court"})
# Universities of these two orders are two.
TWO_UNIVERSITIES = frozenset({"washington", "miami", "york", "new-york", "boston", "columbia"})
# What a state has one of: its own, when it does not say whose.
OF_A_STATE = frozenset(
    {
        "department", "ministry", "congress", "senate", "court", "army", "navy", "force", "guard",
        "marine", "marines", "embassy", "attorney", "treasury", "commission", "administration",
        "agency", "bureau", "office", "service", "supreme", "council", "parliament", "government",
        "house", "corps", "customs", "secret", "postal"
    }
)  # fmt: skip


def names_a_saint(words: Sequence[str]) -> bool:
    """Say whether words begin with "St" and a given name, or one's possessive ("St. Mary's")."""
    if len(words) < 2 or words[0] != "st":
        return False
    return bool(full_names(words[1]) or full_names(words[1].removesuffix("s")))
