"""Patterns of verbs and their nouns: violence, by persons and by forces."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import word_set
from pipeline.relationships.pattern import ACTORS, BODIES, ORGS, PEOPLE, PLACES, Pattern
from pipeline.relationships.phrasing import (
    BLAST,
    TARGETS,
    only,
    verb,
)

STRIKING = (
    "attack bomb raid shell assault invade ambush assassinate bombard storm stab shoot kill fight "
    "murder kidnap abduct behead torture besiege strafe torpedo injure punch slap strangle poison "
    "slay lynch massacre slaughter maul mug rape sink overrun firebomb bludgeon gas"
)

HITTING = "strike hit target engage destroy pound blast wound neutralize"

NO_BLOW = word_set(
    "with run runs homer homers single double triple ball balls shot shots note notes record"
)
"""What is hit without violence; what it is hit with decides by itself: "hit with a fine"."""

WEAPONS = word_set(
    "gas weapon bomb missile rocket drone chlorine sarin napalm explosive grenade mortar artillery "
    "device shell bombs"
)

TARGET_NOUNS = (
    "target,position,site,building,facility,base,house,infrastructure,depot,factory,hideout,"
    "market,hotel,church,mosque,school,hospital,station,shop,restaurant,bar"
)


VIOLENCE: tuple[Pattern, ...] = (
    verb("attack", Says.ATTACKED, STRIKING, ACTORS, TARGETS, loose=True),
    verb("hit", Says.ATTACKED, HITTING, BODIES, TARGETS, loose=True, unless=NO_BLOW),
    verb(
        "hit with weapons",
        Says.ATTACKED,
        HITTING,
        BODIES,
        TARGETS,
        loose=True,
        requires=("prep:with", only(WEAPONS)),
    ),
    verb("strike at", Says.ATTACKED, "strike", BODIES, TARGETS, ("prep:at",), loose=True),
    verb("shoot at", Says.ATTACKED, "shoot fire", ACTORS, TARGETS, ("prep:at,on",), loose=True),
    verb(
        "blow up",
        Says.ATTACKED,
        "blow",
        ACTORS,
        TARGETS,
        requires=("particle:up",),
        loose=True,
    ),
    verb(
        "detonate in",
        Says.ATTACKED,
        "detonate explode plant",
        ACTORS,
        PLACES,
        ("prep:in,at,outside",),
        0.65,
        requires=("patient", only(WEAPONS)),
    ),
    verb(
        "its bomb exploded in",
        Says.ATTACKED,
        "explode detonate",
        ACTORS,
        PLACES,
        ("prep:in,at,outside",),
        0.65,
        subject=("agent", only(WEAPONS), "clause", "agent"),
    ),
    verb("execute", Says.ATTACKED, "execute", ORGS, PEOPLE),
    verb(
        "fire at",
        Says.ATTACKED,
        "fire launch lob drop",
        ACTORS,
        TARGETS,
        ("prep:at,into,on,against",),
        requires=BLAST,
        loose=True,
    ),
    verb(
        "missile at",
        Says.ATTACKED,
        "fire launch lob drop open",
        ACTORS,
        TARGETS,
        (*BLAST, "prep:at,into,on,against"),
        loose=True,
    ),
    verb(
        "open fire on",
        Says.ATTACKED,
        "open",
        ACTORS,
        TARGETS,
        ("prep:on,at",),
        requires=BLAST,
        loose=True,
    ),
    verb(
        "lay siege to",
        Says.ATTACKED,
        "lay",
        ACTORS,
        TARGETS,
        ("prep:to",),
        requires=("patient", "only:siege"),
        loose=True,
    ),
    verb(
        "lay siege so to",
        Says.ATTACKED,
        "lay",
        ACTORS,
        TARGETS,
        ("patient", "only:siege", "prep:to"),
        loose=True,
    ),
    verb(
        "use weapons against",
        Says.ATTACKED,
        "use deploy employ unleash",
        ACTORS,
        TARGETS,
        ("phrase:against",),
        requires=("patient", only(WEAPONS)),
        loose=True,
    ),
    verb(
        "use weapons so against",
        Says.ATTACKED,
        "use deploy employ unleash",
        ACTORS,
        TARGETS,
        (
            "patient",
            only(WEAPONS),
            "prep:against",
        ),
        loose=True,
    ),
    verb(
        "hit targets in",
        Says.ATTACKED,
        f"{STRIKING} {HITTING} blow",
        BODIES,
        PLACES,
        ("patient", "unowned", only(TARGET_NOUNS), "prep:in,at,inside"),
        0.7,
    ),
    verb(
        "gun down",
        Says.ATTACKED,
        "gun mow shoot cut",
        ACTORS,
        PEOPLE,
        requires=("particle:down",),
    ),
    verb(
        "beat to death",
        Says.ATTACKED,
        "beat choke club burn hack",
        ACTORS,
        PEOPLE,
        requires=("prep:to", "only:death"),
    ),
)
