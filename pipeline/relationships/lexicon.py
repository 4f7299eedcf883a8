"""Word lists that patterns share, in lemmas, and lists of places that need no model."""

from __future__ import annotations

import re
from functools import cache


def word_set(text: str) -> frozenset[str]:
    """Read a list of words from a text."""
    return frozenset(text.split())


LEADERS = word_set(
    "president chairman chairwoman chairperson chair ceo chief commander head leader director "
    "premier governor mayor principal dean rector chancellor superintendent administrator "
    "commissioner sheriff boss publisher editor-in-chief frontman ringleader"
)
STAFF = word_set(
    "spokesman spokeswoman spokesperson employee officer analyst engineer manager secretary "
    "minister captain reporter correspondent journalist editor scientist researcher adviser "
    "advisor economist ambassador envoy official agent inspector detective deputy assistant "
    "executive cfo coo cto treasurer curator producer columnist programmer developer coach "
    "accountant auditor consultant clerk diplomat general colonel sergeant lieutenant "
    "admiral pilot soldier astronaut architect physicist broker trader banker"
)
TRADES = word_set(
    "analyst engineer reporter correspondent journalist editor scientist researcher economist "
    "curator producer columnist programmer developer coach accountant auditor consultant architect "
    "physicist broker trader banker pilot"
)
"""Staff of a body, but not of the town or country that stands before them."""
DIPLOMATS = word_set("ambassador envoy consul")
"""Those whose "for" and "to" name where they are sent, not who sends them."""
SCHOLARS = word_set("professor lecturer teacher fellow instructor tutor")
"""Those whose "of" names what they teach, and whose "at" names where."""
MEMBERS = word_set(
    "member senator congressman congresswoman delegate fellow drummer guitarist bassist singer "
    "vocalist keyboardist saxophonist player striker midfielder goalkeeper quarterback pitcher "
    "defender footballer winger linebacker fighter militant operative gunman trustee emir"
)
STATES = word_set("member nation country partner ally state participant contributor signatory")
"""What "of" or "in" a coalition, or after its name, is one of its members."""
TROOPS = word_set(
    "soldier officer sergeant corporal private lieutenant captain major colonel general sailor "
    "airman marine pilot medic paratrooper ranger trooper sniper reservist guardsman veteran "
    "infantryman gunner"
)
COUNSEL = word_set("counsel attorney lawyer solicitor barrister")
KIN = word_set(
    "brother sister son daughter father mother cousin uncle aunt nephew niece grandson "
    "granddaughter grandfather grandmother stepson stepdaughter sibling"
)
SPOUSES = word_set("wife husband spouse widow widower")
LITIGANTS = word_set(
    "plaintiff defendant petitioner respondent appellant appellee litigant party claimant "
    "intervenor complainant"
)
UNITS = word_set(
    "subsidiary division unit branch affiliate arm part bureau component agency wing office "
    "directorate department section chapter franchise offshoot faction element brigade "
    "battalion regiment squadron faculty imprint subgroup subdivision outlet"
)
OWNERS = word_set(
    "parent owner co-owner proprietor shareholder stockholder landlord lessor co-proprietor"
)
BUYERS = word_set("buyer acquirer purchaser acquiror")
TOWNS = word_set(
    "capital city town village suburb municipality district province county neighborhood "
    "region borough commune country hamlet island resort port settlement seat stronghold "
    "governorate prefecture"
)
AREAS = word_set("camp area valley airport base prison compound district")
OFFICERS = word_set("general colonel sergeant lieutenant major admiral captain agent fellow")
HALF_TITLES = word_set("home state emeritus defense defence treasury interior foreign prime war")
SUBORDINATE = word_set("deputy vice assistant associate under undersecretary press private")
"""What turns "president of" into someone who only works there."""

LOOSE_HEADS = word_set("leader commander head chief")
ONE_OF_SEVERAL = word_set("a an senior key top one prominent local regional several")
"""What turns "leader of" into one of its leaders."""

# Nouns that stand for whom they belong to: "Iraqi forces attacked" is an attack by Iraq.
METONYMS = word_set(
    "force troop army military police militant militia fighter jet aircraft airstrike soldier "
    "government authority warplane plane navy regime rebel terrorist official gunman insurgent "
    "artillery target tank unit position vehicle convoy headquarters stronghold staff group "
    "holding company corporation firm team club movement party drone warship gunship bomber "
    "attacker commando special infantry paratrooper personnel missile rocket strike raid "
    "delegation shell mortar insurgency loyalist seals"
)
BLOWS = word_set(
    "attack assault raid invasion bombing airstrike strike bombardment shelling offensive ambush "
    "air-strike killing murder assassination massacre"
)
LITIGATION = word_set(
    "lawsuit suit complaint action claim petition proceeding charge litigation counterclaim "
    "injunction case cross-complaint grievance counter-suit countersuit"
)
AGREEMENTS = word_set(
    "agreement treaty contract deal accord memorandum pact mou convention lease settlement truce "
    "ceasefire protocol partnership arrangement compact charter alliance"
)
PAYMENTS = word_set(
    "payment donation contribution grant loan transfer check cheque fee bribe deposit settlement "
    "award gift installment instalment bonus stipend remittance refund advance royalty dividend "
    "kickback commission subsidy reimbursement aid assistance funding"
)
UNREAL_VERBS = word_set(
    "abandon block reject cancel oppose avert prevent foil thwart fear seek want plan propose "
    "consider threaten pursue demand urge negotiate expect refuse decline drop scrap "
    "avoid contemplate explore deny rule discuss request apply call require provide promise "
    "schedule waive arrange offer anticipate await hope ask solicit authorize "
    "withhold"
)
"""Verbs whose object need not have happened: "blocked the takeover of", "applied for a loan"."""
NOT_YET = word_set("due scheduled owed planned pending overdue possible likely unlikely set")
"""What is said of an act that has not happened."""
UNREAL_WORDS = word_set(
    "planned proposed possible potential attempted failed alleged threatened pending future "
    "would-be prospective no any imminent hypothetical rumored rumoured abortive foiled further"
)

SITE = re.compile(
    r"\b(?:university|museum|hospital|hotel|school|college|airport|church|library|institute|"
    r"stadium|theat(?:re|er)|prison|embassy|academy|center|centre|court|gallery|base|station)\b",
    re.IGNORECASE,
)
"""What stands at a place, by its name."""

UNIT_NAME = re.compile(
    r"\b(?:division|department|bureau|branch|directorate|brigade|battalion|regiment|squadron|"
    r"committee|subcommittee|school|faculty|college|office|section|unit|centre|center|institute|"
    r"agency|service|command|task force|wing|corps|company|platoon|group|commission|mission|"
    r"laborator(?:y|ies)|lab|panel|team|board|fleet|secretariat|council|program(?:me)?)\b",
    re.IGNORECASE,
)
"""What its name shows to be a part of something larger."""

GATHERING = re.compile(
    r"\b(?:congress|carnival|olympics|paralympics|championships?|festival|cup|conference|convention|"
    r"summit|symposium|exhibit(?:ion)?|fair|games|tour|open)\b",
    re.IGNORECASE,
)
"""What takes place somewhere, and is not located there."""
MILITARY = re.compile(
    r"\b(?:army|navy|air force|marines?|marine corps|guards?|division|regiment|battalion|brigade|"
    r"squadron|corps|fleet|infantry|artillery|cavalry|platoon|forces?|militia|wehrmacht|wing)\b",
    re.IGNORECASE,
)
"""A body one serves in, by its name."""
SERVICE = re.compile(
    r"\b(?:army|navy|air force|marines?|marine corps|coast guard|national guard)$", re.IGNORECASE
)
"""An armed service, by its name."""

ABBREVIATED_COUNTRIES = word_set("u.s. us usa u.s.a. uk u.k. uae dprk drc")
OTHER_COUNTRIES = frozenset(
    [
        "turkey",
        "hong kong",
        "taiwan",
        "burma",
        "czech republic",
        "macedonia",
        "great britain",
        "britain",
        "soviet union",
        "ivory coast",
        "palestine",
        "kosovo",
        "congo",
        "russia",
        "vietnam",
        "laos",
        "iran",
        "syria",
        "north korea",
        "south korea",
        "moldova",
        "tanzania",
        "bolivia",
        "venezuela",
    ]
)
"""Names in use that are not the official ones, or of countries that are none to all."""
ABBREVIATED_STATES = word_set(
    "ala. ariz. ark. calif. cal. colo. conn. del. fla. ga. ill. ind. kan. ky. la. md. mass. "
    "mich. minn. miss. mo. mont. neb. nev. n.h. n.j. n.m. n.y. n.c. n.d. okla. ore. pa. r.i. "
    "s.c. s.d. tenn. tex. vt. va. wash. w.va. wis. wyo. d.c. dc al ak az ar ca co ct de fl ga "
    "id il ks ky la md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok pa ri sc sd tn tx ut vt "
    "va wa wv wi wy ab bc mb nb nl ns qc sk"
)
ADMINISTRATIVE = re.compile(
    r"(?:province|county|governorate|prefecture|district|region|oblast|state|republic)$"
)


@cache
def territories() -> tuple[frozenset[str], frozenset[str]]:
    """Load the names of countries, and of states and provinces, in lower case."""
    from rigour.territories import get_territories

    countries, parts = set(ABBREVIATED_COUNTRIES | OTHER_COUNTRIES), set(ABBREVIATED_STATES)
    for territory in get_territories():
        names = {territory.name.lower(), territory.full_name.lower()}
        names.add(territory.name.split(" (")[0].lower())
        if territory.is_country:
            countries |= names
        elif territory.code.startswith(("us-", "ca-", "gb-", "au-")):
            parts |= names
    return frozenset(countries), frozenset(parts)
