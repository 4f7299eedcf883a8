"""The American states and territories that have courts and codes, as law reports write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

STATES: Mapping[str, str] = {
    "Alabama": "Ala.", "Alaska": "Alaska", "Arizona": "Ariz.", "Arkansas": "Ark.",
    "California": "Cal.", "Colorado": "Colo.", "Connecticut": "Conn.", "Delaware": "Del.",
    "District of Columbia": "D.C.", "Florida": "Fla.", "Georgia": "Ga.", "Guam": "Guam",
    "Hawaii": "Haw.", "Idaho": "Idaho", "Illinois": "Ill.", "Indiana": "Ind.", "Iowa": "Iowa",
    "Kansas": "Kan.", "Kentucky": "Ky.", "Louisiana": "La.", "Maine": "Me.", "Maryland": "Md.",
    "Massachusetts": "Mass.", "Michigan": "Mich.", "Minnesota": "Minn.", "Mississippi": "Miss.",
    "Missouri": "Mo.", "Montana": "Mont.", "Nebraska": "Neb.", "Nevada": "Nev.",
    "New Hampshire": "N.H.", "New Jersey": "N.J.", "New Mexico": "N.M.", "New York": "N.Y.",
    "North Carolina": "N.C.", "North Dakota": "N.D.", "Ohio": "Ohio", "Oklahoma": "Okla.",
    "Oregon": "Or.", "Pennsylvania": "Pa.", "Puerto Rico": "P.R.", "Rhode Island": "R.I.",
    "South Carolina": "S.C.", "South Dakota": "S.D.", "Tennessee": "Tenn.", "Texas": "Tex.",
    "Utah": "Utah", "Vermont": "Vt.", "Virginia": "Va.", "Washington": "Wash.",
    "West Virginia": "W. Va.", "Wisconsin": "Wis.", "Wyoming": "Wyo.",
}  # fmt: skip
# The fifty states as post offices write them.
LETTERS: Mapping[str, str] = {
    "ak": "alaska", "al": "alabama", "ar": "arkansas", "az": "arizona",
    "ca": "california", "co": "colorado", "ct": "connecticut", "de": "delaware",
    "fl": "florida", "ga": "georgia", "hi": "hawaii", "ia": "iowa", "id": "idaho",
    "il": "illinois", "in": "indiana", "ks": "kansas", "ky": "kentucky", "la": "louisiana",
    "ma": "massachusetts", "md": "maryland", "me": "maine", "mi": "michigan", "mn": "minnesota",
    "mo": "missouri", "ms": "mississippi", "mt": "montana", "nc": "north carolina",
    "nd": "north dakota", "ne": "nebraska", "nh": "new hampshire", "nj": "new jersey",
    "nm": "new mexico", "nv": "nevada", "ny": "new york", "oh": "ohio", "ok": "oklahoma",
    "or": "oregon", "pa": "pennsylvania", "ri": "rhode island",
    "sc": "south carolina", "sd": "south dakota", "tn": "tennessee",
    "tx": "texas", "ut": "utah", "va": "virginia", "vt": "vermont", "wa": "washington",
    "wi": "wisconsin", "wv": "west virginia", "wy": "wyoming",
}  # fmt: skip
NAMES_OF_ABBREVIATIONS: Mapping[str, str] = {
    short.replace(" ", ""): name for name, short in STATES.items()
}
# The sides into which the federal districts of the larger states are divided (28 U.S.C. ch. 5).
SIDES_OF_STATES: Mapping[str, str] = {
    "Alabama": "NMS", "Arkansas": "EW", "California": "NECS", "Florida": "NMS", "Georgia": "NMS",
    "Illinois": "NCS", "Indiana": "NS", "Iowa": "NS", "Kentucky": "EW", "Louisiana": "EMW",
    "Michigan": "EW", "Mississippi": "NS", "Missouri": "EW", "New York": "NSEW",
    "North Carolina": "EMW", "Ohio": "NS", "Oklahoma": "NEW", "Pennsylvania": "EMW",
    "Tennessee": "EMW", "Texas": "NSEW", "Virginia": "EW", "Washington": "EW",
    "West Virginia": "NS", "Wisconsin": "EW",
}  # fmt: skip


def _any_of(words: Mapping[str, str] | frozenset[str]) -> str:
    """Write the pattern of one of some words, the longer first, however the blanks are set."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "(?:" + "|".join(_loose(word) for word in ordered) + ")"


def _loose(words: str) -> str:
    """Write the pattern of words between which any blanks may stand, and may lack after points."""
    pattern = re.sub(r"\\ ", r"\\s+", re.escape(words))
    pattern = re.sub(r"\\\.\\s\+", r"\\.\\s?", pattern)
    return re.sub(r"\\\.(?=[A-Z])", r"\\.\\s?", pattern)


NAME = _any_of(STATES)
ABBREVIATION = _any_of(frozenset(STATES.values()))
