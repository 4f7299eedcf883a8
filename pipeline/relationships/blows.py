"""Patterns of nouns that name violence: attacks and strikes, who made them, who was convicted."""

from __future__ import annotations

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import BLOWS
from pipeline.relationships.pattern import ACTORS, BODIES, ORGS, PEOPLE, Pattern
from pipeline.relationships.phrasing import BLOW, PATIENT, TARGETS, act, only, verb
from pipeline.relationships.violence import STRIKING
from pipeline.relationships.wording import is_country

STAGING = (
    "conduct launch carry mount stage execute perform perpetrate direct lead order commit resume "
    "intensify escalate wage renew step begin start"
)

CRIMES = "murder killing assassination kidnapping abduction attack bombing shooting assault"

CONVICTING = ("up:of,to,for", "up:convict,plead,guilty,confess,admit,imprison,hang,sentence,jail")

DONE_BY = ("clause", only(f"{STAGING} claim make do".replace(" ", ",")), "agent")


def _strikes(body: Mention, _: Mention) -> bool:
    """Say whether a strike bears its maker's name: "a U.S. airstrike", not "a Kabul airstrike"."""
    return body.type != Type.GPE or is_country(body, body)


BLOWS_STRUCK: tuple[Pattern, ...] = (
    act(
        "killer",
        Says.ATTACKED,
        "killer murderer assassin kidnapper rapist",
        PEOPLE,
        ("holder",),
        ("at:of",),
        0.75,
        presupposed=False,
    ),
    verb(
        "strike against",
        Says.ATTACKED,
        STAGING,
        ACTORS,
        TARGETS,
        (*BLOW, "phrase:against,on"),
        loose=True,
    ),
    verb(
        "struck against",
        Says.ATTACKED,
        STAGING,
        ACTORS,
        TARGETS,
        ("phrase:against,on",),
        requires=BLOW,
        loose=True,
    ),
    verb(
        "claim",
        Says.ATTACKED,
        "claim",
        ORGS,
        TARGETS,
        ("patient", "only:responsibility,credit", "prep:for", only(BLOWS), "prep:on,against,of"),
        0.7,
        loose=True,
    ),
    act(
        "attack on",
        Says.ATTACKED,
        BLOWS,
        ACTORS,
        ("at",),
        ("prep:on,against",),
        object_types=TARGETS,
        loose=True,
    ),
    act(
        "invasion of",
        Says.ATTACKED,
        BLOWS - {"offensive", "strike", "attack"},
        ACTORS,
        ("poss",),
        ("prep:of",),
        object_types=TARGETS,
    ),
    act(
        "body's invasion of",
        Says.ATTACKED,
        "invasion bombing bombardment shelling",
        BODIES,
        ("named",),
        ("prep:of",),
        object_types=TARGETS,
    ),
    act(
        "attack by",
        Says.ATTACKED,
        BLOWS,
        ACTORS,
        ("phrase:by",),
        ("phrase:on,against,of",),
        object_types=TARGETS,
    ),
    act(
        "its killing by",
        Says.ATTACKED,
        CRIMES,
        ACTORS,
        ("prep:by",),
        ("poss",),
        object_types=PEOPLE,
    ),
    act(
        "attack done by",
        Says.ATTACKED,
        BLOWS,
        ACTORS,
        DONE_BY,
        ("phrase:on,against,of",),
        object_types=TARGETS,
    ),
    act(
        "attack on so done by",
        Says.ATTACKED,
        BLOWS,
        ACTORS,
        ("prep:on,against", *DONE_BY),
        ("prep:on,against",),
        object_types=TARGETS,
    ),
    verb(
        "attack was done by",
        Says.ATTACKED,
        f"{STAGING} claim",
        ACTORS,
        TARGETS,
        (*BLOW, "phrase:on,against"),
        loose=True,
    ),
    act(
        "convicted of crime",
        Says.ATTACKED,
        CRIMES,
        PEOPLE,
        (*CONVICTING, "subject"),
        ("phrase:of,on",),
        presupposed=False,
    ),
    act(
        "pleaded guilty to crime",
        Says.ATTACKED,
        CRIMES,
        PEOPLE,
        (*CONVICTING, "up:plead,be,find,serve,receive", "subject"),
        ("phrase:of,on",),
        presupposed=False,
    ),
    verb(
        "convicted of killing",
        Says.ATTACKED,
        STRIKING,
        PEOPLE,
        PEOPLE,
        subject=(*CONVICTING, "subject"),
    ),
    verb(
        "pleaded guilty to killing",
        Says.ATTACKED,
        STRIKING,
        PEOPLE,
        PEOPLE,
        subject=(*CONVICTING, "up:plead,be,find,serve,receive", "subject"),
    ),
    verb(
        "come under attack",
        Says.ATTACKED,
        "come be",
        ACTORS,
        TARGETS,
        ("agent",),
        subject=("phrase:from,by",),
        requires=("prep:under", only(BLOWS | {"fire", "siege"})),
    ),
    verb(
        "come under attack so from",
        Says.ATTACKED,
        "come be",
        ACTORS,
        TARGETS,
        ("agent",),
        subject=("prep:under", only(BLOWS | {"fire", "siege"}), "phrase:from,by"),
    ),
    Pattern(
        "be behind attack",
        Says.ATTACKED,
        frozenset({"be"}),
        frozenset({"AUX", "VERB"}),
        ("subject",),
        ("prep:behind", only(BLOWS), "prep:on,against,of"),
        ACTORS,
        TARGETS,
        0.7,
    ),
    verb(
        "killed in attack",
        Says.ATTACKED,
        "kill wound injure",
        ORGS,
        TARGETS,
        PATIENT,
        0.65,
        subject=("prep:in", only(BLOWS), "prep:by"),
    ),
    verb(
        "killed in its attack",
        Says.ATTACKED,
        "kill wound injure",
        ORGS,
        TARGETS,
        PATIENT,
        0.65,
        subject=("prep:in", only(BLOWS), "at"),
    ),
    verb(
        "killed in its airstrike",
        Says.ATTACKED,
        "kill wound injure",
        BODIES,
        PEOPLE,
        PATIENT,
        0.65,
        subject=("prep:in,by", "only:strike,airstrike,raid,operation", "at"),
        also=_strikes,
    ),
)
