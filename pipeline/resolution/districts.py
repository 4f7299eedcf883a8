"""One name for each federal court of first instance: of its district alone, of the letters of law
reports or of lawyers, of the court before or behind these ("Southern District of New York",
"S.D.N.Y.", "SDNY", "NDCA", "SDNY Bankruptcy Court").
"""

from __future__ import annotations

import re

from pipeline.engines.american_states import LETTERS, SIDES_OF_STATES, STATES

SIDES = {"n": "northern", "s": "southern", "e": "eastern", "w": "western", "m": "middle",
         "c": "central"}  # fmt: skip
# States as they are spelt out, and as law reports write them, with blanks between letters or none.
WRITTEN = {state.lower(): state for state in STATES}
SHORT = {short.lower().replace(".", "").replace(" ", ""): state for state, short in STATES.items()}
# As post offices write them, behind a side ("EDTX"). Not Iowa: NDIA is an association.
POSTAL = {
    letters: state.title()
    for letters, state in LETTERS.items()
    if state.title() in SIDES_OF_STATES and letters != "ia"
}
# States whose whole is one district, by which its court may be called.
WHOLE = [state.lower() for state in STATES if state not in SIDES_OF_STATES]
_SPELT = "|".join(sorted(WRITTEN, key=len, reverse=True))
_CUT = "|".join(
    " ?".join(re.findall(r"[^. ]+", short.lower())) for short in sorted(STATES.values(), key=len)
)
DISTRICT = re.compile(
    r"(?:(?P<court>(?:united states |federal )?(?P<kind>district|bankruptcy) court)"
    r"(?: (?:for|of|in))?(?: the)? |(?P<bankrupt>bankr) )?"
    rf"(?:(?:(?P<side>{'|'.join(SIDES.values())}) )?district of (?:the )?(?P<of>{_SPELT})"
    rf"|(?:(?P<letter>[nsewmc]) ?)?d(?P<blank> ?)(?P<state>{_SPELT}|{_CUT})"
    rf"|(?P<side_of>[nsewmc])d(?P<postal>{'|'.join(POSTAL)}))"
    r"(?: (?:united states |federal )?(?P<behind>district|bankruptcy) court)?"
)
# "U.S. District Court for Maryland"; a district court of Maryland without its union is the state's.
OF_WHOLE = re.compile(
    r"(?:united states|federal) (?P<kind>district|bankruptcy) court (?:for|of|in) (?:the )?"
    rf"(?:state of )?(?P<of>{'|'.join(sorted(WHOLE, key=len, reverse=True))})"
)


def court_of_district(name: str) -> str:
    """Write an organisation's folded name in full if it is a federal court of first instance.

    A state with one district must be said with its court, or as law reports do ("D. Mass."): alone
    it is a place, and its letters could be anybody's.
    """
    if match := OF_WHOLE.fullmatch(name):
        return _named(match["kind"], "", match["of"])
    match = DISTRICT.fullmatch(name)
    if match is None:
        return name
    written = match["of"] or match["state"]
    state = (
        WRITTEN.get(written) or SHORT[written.replace(" ", "")]
        if written
        else POSTAL[match["postal"]]
    )
    side = match["side"] or SIDES.get(match["letter"] or match["side_of"] or "", "")
    told = match["court"] or match["bankrupt"] or match["blank"] or match["behind"]
    if side[:1].upper() not in SIDES_OF_STATES.get(state, "") or not (side or told):
        return name
    bankrupt = match["bankrupt"] or "bankruptcy" in {match["kind"], match["behind"]}
    return _named("bankruptcy" if bankrupt else "district", side, state.lower())


def _named(kind: str, side: str, state: str) -> str:
    """Write a court's name in full."""
    district = f"{side} district of {state}".lstrip()
    return f"united states {kind} court for the {district}"
