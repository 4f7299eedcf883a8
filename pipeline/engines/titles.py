"""Titles before people's names and letters behind them: rigour's prefixes, and what its list leaves
out of English ranks, offices and sides of a case.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from pipeline.engines.common_surnames import COMMON_SURNAMES
from pipeline.engines.given_names import full_names

OFFICES = (
    "Administrator", "Adviser", "Advisor", "Agent", "Agent in Charge", "Alderman", "Arbitrator",
    "Archbishop", "Assemblyman", "Assemblywoman", "Attorney", "Auditor", "AUSA", "Ayatollah",
    "Bailiff", "Barrister", "Bishop", "Brother", "Cardinal", "CEO", "CFO", "Charge d'Affaires",
    "Charge d’Affaires", "Charge d‘Affaires", "Chargé d'Affaires", "Chargé d’Affaires",
    "Chancellor", "Chief Executive", "Chief Justice", "Chief of Staff", "CIO", "Commissioner",
    "Comptroller", "Congressman", "Congresswoman", "Constable", "COO", "Coroner", "Councilman",
    "Councilwoman", "Counsel", "Counsellor", "Counselor", "Crown Prince", "Crown Princess", "CTO",
    "Delegate", "Deputy", "Detective", "Envoy", "Father", "First Gentleman", "First Lady",
    "Foreign Minister", "Founder", "Gov", "Governor", "Imam", "Inspector", "Investigator", "Judge",
    "Justice", "King", "Magistrate", "Mayor", "Mediator", "Medical Examiner", "Minister", "Mufti",
    "Mullah", "National Security Adviser", "National Security Advisor", "Notary Public", "Officer",
    "Pastor", "Patrolman", "Patrolwoman", "Pope", "Premier", "Press Secretary", "Prime Minister",
    "Prince", "Princess", "Principal", "Prosecutor", "Public Defender", "Rabbi", "Rep",
    "Representative", "Rev", "Saint", "Second Lady", "Secretary General", "Secretary of Defense",
    "Secretary of State", "Secretary", "Sen", "Senator", "Sheikh", "Sheikha", "Sheriff", "Sister",
    "Solicitor", "Speaker", "Special Master", "Spokesman", "Spokesperson", "Spokeswoman", "Sultan",
    "Superintendent", "Supreme Leader", "Treasurer", "Trooper", "Undersecretary", "Undersheriff",
    "Warden",
)  # fmt: skip
JUDGES = tuple(
    f"{of} Judge"
    for of in (
        "Administrative", "Administrative Law", "Appellate", "Bankruptcy", "Circuit",
        "Circuit Court", "Family Court", "Immigration", "Presiding", "Probate", "Superior Court",
        "Supreme Court", "Trial",
    )
)  # fmt: skip
OF_THE_LAW = tuple(
    f"{of} Officer"
    for of in ("Correctional", "Corrections", "Hearing", "Parole", "Patrol", "Probation",
               "Task Force")
)  # fmt: skip
GENERALS = tuple(
    f"{of} General"
    for of in ("Advocate", "Attorney", "Auditor", "Inspector", "Postmaster", "Solicitor", "Surgeon")
)
OFFICERS = tuple(
    f"Chief {of} Officer"
    for of in (
        "Accounting", "Administrative", "Commercial", "Compliance", "Executive", "Financial",
        "Information", "Investment", "Legal", "Marketing", "Medical", "Operating", "Risk",
        "Strategy", "Technology",
    )
)  # fmt: skip
PORTFOLIOS = (
    "Agriculture", "Commerce", "Defence", "Defense", "Economy", "Education", "Energy", "Finance",
    "Foreign", "Health", "Home", "Interior", "Justice", "Labor", "Labour", "Oil", "State",
    "Transport", "Transportation", "Treasury",
)  # fmt: skip
MINISTERS = tuple(f"{of} {office}" for of in PORTFOLIOS for office in ("Minister", "Secretary"))
RANKS = (
    "Adm", "Airman", "Brig", "Brig. Gen", "Brigadier General", "Capt", "Cdr", "Chief", "Cmdr",
    "Col", "Commander", "Corporal", "Cpl", "Ensign", "Gen", "Lance Corporal", "Lieut",
    "Lieutenant", "Lieutenant Commander", "Lt", "Lt. Cmdr", "Lt. Col", "Lt. Gen", "Maj",
    "Maj. Gen", "Major", "Major General", "Marshal", "Master Sergeant", "Petty Officer", "Pfc",
    "Rear Adm", "Sergeant", "Sgt", "Spc", "Staff Sergeant", "Staff Sgt", "Vice Adm",
    "Warrant Officer",
)  # fmt: skip
# Cut short these are titles with their point alone: without it they are words and names. No letters
# are among them that names have ("Ada", "Da", "S.A.").
WITH_A_POINT = ("Agt", "Atty", "Dep", "Det", "Insp", "Ofc", "Supt")
# Written with an apostrophe or without one.
OF_A_STATE = r"(?:(?:commonwealth|state)['’]?s\s+attorney|sheriff['’]?s\s+deputy)"
DETECTIVES = tuple(f"Det {rank}" for rank in ("Con", "Insp", "Sgt", "Supt"))
# What rulers are called is a given name before a surname with more behind ("Prince Rogers Nelson").
GIVEN_TOO = frozenset({"king", "prince", "sultan"})
NO_NAME = re.compile(r"(?:and|of|the|[jsr]r|[ivx]+)\b", re.IGNORECASE)
# What rigour strips from the head of any name may be a word of one here ("Private", "The").
NO_TITLES = frozenset({"the", "sr", "private", "hr", "chair", "count"})
# What says when or how high an office is held: part of a title before one, else none.
HELD = (
    "acting", r"ass'?t\.?", "assistant", "associate", "chief", "co", r"dep\.", "deputy", "ex",
    "executive", "first assistant", "former",
    "grand", "incoming", "independent", "interim", "late", "lead", "outgoing", "principal",
    "retired", "senior", "special", "supervisory", "then", "under", "vice",
)  # fmt: skip
# Where an office is held. Elsewhere than in a person's name, these words end that of a place or
# body: "New York City Mayor", "Chicago Police Superintendent".
HELD_WHERE = (
    "city", "county", "district", "federal", "general", "head", "police", "state",
    r"u\.?\s?s\.?", r"united\s+states",
)  # fmt: skip
HELD_BEHIND = r"(?:-elect|-designate|\s+emerit(?:us|a))?"
# Things whose names begin as if a person followed; the colours of herbicides that are no surnames.
NO_PERSON = re.compile(
    r"(?:Agent\s+(?:Orange|Pink|Purple)|Father\s+(?:Christmas|Time)|General\s+(?:Electric|Mills|Motors)"
    r"|King\s+County|Major\s+Leagues?|Sister\s+Cit(?:y|ies))\b",
    re.IGNORECASE,
)
# Whose side somebody is on in a case. It says nothing of a person, for companies sue as well.
SIDE = re.compile(
    r"(?:(?:co|cross|counter)-?\s?)?(?:affiant|appell(?:ant|ee)|claimant|defendant|deponent"
    r"|intervenor|petitioner|plaintiff|respondent|witness)s?"
    r"(?:-(?:appell(?:ant|ee)|petitioner|respondent)s?)?,?\s+(?=\w)",
    re.IGNORECASE,
)
# Letters of honour, office, service and degree behind a name, as capitals are set in them.
LETTERS = (
    r"MP|MEP|MSP|QC|KC|GBE|CBE|OBE|MBE|DBE|KBE|GCB|KCB|KCMG|KCVO|CMG|CVO|FRS|FRSE|FBA|FRCP|FRCS"
    r"|DSO|DSC|DFC|PC|OAM|Ph\.?\s?D\.?|D\.?Phil\.?|M\.?D\.?|J\.?D\.?|LL\.?[BDM]\.?|Ed\.?D\.?"
    r"|Psy\.?D\.?|D\.?D\.?S\.?|DVM|M\.?B\.?A\.?|MPH|M\.?Sc\.?|B\.?Sc\.?|RN|C\.?P\.?A\.?|CFA|CFP"
    r"|CFE|PMP|Esq(?:uire)?\.?|USN|USMC|USAF|USCG|\(?Ret(?:ired)?\b\.?\)?"
)
# Where all is in capitals these are names that people have ("SUN RA").
HONOURS_IN_CAPITALS = re.compile(rf"(?<=\S)(?:,?\s+(?:{LETTERS})(?!\w))+$")
HONOURS = re.compile(rf"(?<=\S)(?:,?\s+(?:{LETTERS}|RA|AO)(?!\w))+$")
AND_OTHERS = re.compile(r"(?<=\S),?\s+et\.?\s+al\b\.?,?$", re.IGNORECASE)


class Patterns(NamedTuple):
    """Match titles: before a name, with the blanks behind; taken into a person's name, with where
    they are held; and words that are all title.
    """

    ahead: re.Pattern[str]
    inside: re.Pattern[str]
    alone: re.Pattern[str]


@cache
def titles() -> Patterns:
    """Make the patterns of titles. Several may follow each other ("Chairman and CEO")."""
    from rigour._core import person_name_prefixes_list

    own = (*OFFICES, *JUDGES, *OF_THE_LAW, *GENERALS, *OFFICERS, *MINISTERS, *RANKS, *DETECTIVES)
    words = {word.rstrip(".") for word in (*person_name_prefixes_list(), *own)}
    known = sorted(
        (word for word in words if word.lower() not in NO_TITLES),
        key=lambda word: (-len(word), word),
    )
    offices = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in known)
    offices = rf"{OF_A_STATE}|{offices}|(?:{'|'.join(WITH_A_POINT)})(?=\.)"
    ahead, inside = (_title(offices, held) for held in (HELD, (*HELD, *HELD_WHERE)))
    behind, joined = r"(?:\.\s*|\s+)", r"(?:and|&)\s+"
    return Patterns(
        re.compile(rf"{ahead}{behind}(?:(?:{joined})?{ahead}{behind})*", re.IGNORECASE),
        re.compile(rf"{inside}{behind}(?:(?:{joined})?{inside}{behind})*", re.IGNORECASE),
        re.compile(rf"{inside}(?:{behind}{joined}{inside})?\.?", re.IGNORECASE),
    )


def _title(offices: str, held: tuple[str, ...]) -> str:
    """Write the pattern of one title."""
    before = rf"(?:(?:{'|'.join(held)})(?:\s+|\s?-\s?))*"
    return rf"(?!{NO_PERSON.pattern}){before}(?:{offices}){HELD_BEHIND}"


def lead_end(name: str) -> int:
    """Measure what was taken into a person's name before it, in characters, blanks included: on
    whose side somebody is in a case ("Defendant"), and titles.
    """
    side = SIDE.match(name)
    at = side.end() if side else 0
    title = titles().inside.match(name, at)
    if title is None or _is_given(title[0], name[title.end() :]):
        return at
    return title.end()


def is_given_too(word: str) -> bool:
    """Say whether people have a title as a given name, which is a ruler's else."""
    return word.strip(" .").lower() in GIVEN_TOO


def _is_given(title: str, rest: str) -> bool:
    """Say whether a title is rather the first of a name's three words: a surname follows that is no
    given name, as no ruler is called, and another.
    """
    following = rest.lower().split()
    if len(following) < 2 or not is_given_too(title) or NO_NAME.match(following[1]):
        return False
    return following[0] in COMMON_SURNAMES and not full_names(following[0])


def without_honours(name: str) -> str:
    """Leave out what stands behind a person's name: letters, and "et al."."""
    name = AND_OTHERS.sub("", name)
    return (HONOURS_IN_CAPITALS if name.isupper() else HONOURS).sub("", name)
