"""One name for each federal court of first instance: of its district alone, of the letters of law
reports, of the court before either ("Southern District of New York", "SDNY", "S.D.N.Y.").
"""

from __future__ import annotations

import re

from pipeline.engines.american_states import SIDES_OF_STATES, STATES

SIDES = {"n": "northern", "s": "southern", "e": "eastern", "w": "western", "m": "middle",
         "c": "central"}  # fmt: skip
# States as they are spelt out, and as law reports write them, with blanks between letters or none.
WRITTEN = {state.lower(): state for state in STATES}
SHORT = {short.lower().replace(".", "").replace(" ", ""): state for state, short in STATES.items()}
_SPELT = "|".join(sorted(WRITTEN, key=len, reverse=True))
_CUT = "|".join(
    " ?".join(re.findall(r"[^. ]+", short.lower())) for short in sorted(STATES.values(), key=len)
)
DISTRICT = re.compile(
    r"(?:(?P<court>(?:united states |federal )?(?P<kind>district|bankruptcy) court)"
    r"(?: (?:for|of|in))?(?: the)? |(?P<bankrupt>bankr) )?"
    rf"(?:(?:(?P<side>{'|'.join(SIDES.values())}) )?district of (?:the )?(?P<of>{_SPELT})"
    rf"|(?:(?P<letter>[nsewmc]) ?)?d(?P<blank> ?)(?P<state>{_SPELT}|{_CUT}))"
)


def court_of_district(name: str) -> str:
    """Write an organisation's folded name in full if it is a federal court of first instance.

    A state with one district must be said with its court, or as law reports do ("D. Mass."): alone
    it is a place, and its letters could be anybody's.
    """
    match = DISTRICT.fullmatch(name)
    if match is None:
        return name
    written = match["of"] or match["state"]
    state = WRITTEN.get(written) or SHORT[written.replace(" ", "")]
    side = match["side"] or SIDES.get(match["letter"] or "", "")
    told = match["court"] or match["bankrupt"] or match["blank"]
    if side[:1].upper() not in SIDES_OF_STATES.get(state, "") or not (side or told):
        return name
    kind = "bankruptcy" if "bankruptcy" in name or match["bankrupt"] else "district"
    district = f"{side} district of {state.lower()}".lstrip()
    return f"united states {kind} court for the {district}"
