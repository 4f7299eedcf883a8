"""The stage `relate` on single sentences: what each pattern takes, and what it leaves."""

from __future__ import annotations

import pytest
import relation_scoring as scoring
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.documents import (
    Chunk,
    Chunks,
    Link,
    Mention,
    Mentions,
    MentionType,
    Name,
    NamedText,
    Names,
    Predicate,
    Relationships,
    Role,
)
from pipeline.relationships import RelateStage
from pipeline.settings import RelateSettings

TYPES = {
    "ORG": ["Acme Corp.", "Beta Inc.", "Gamma LLC", "FBI", "Oxford University"],
    "PERSON": ["John Smith", "Jane Roe", "Mary Major", "Paul Poe", "Lord Byron"],
    "GPE": ["Paris", "France", "Baghdad", "Iraq", "Dallas", "Texas", "U.S."],
    "MONEY": ["$5 million"],
    "DATE": ["4 May 1950", "1922", "1999"],
    "LAW": ["Clean Water Act", "Supply Agreement"],
    "DOCKET": ["1:20-cv-00123"],
    "CITATION": ["384 U.S. 436"],
}


def spans(text: str) -> list[tuple[int, int, str]]:
    """Find the names of the table in a text."""
    found = []
    for type_, words in TYPES.items():
        for word in words:
            start = text.find(word)
            while start >= 0:
                found.append((start, start + len(word), type_))
                start = text.find(word, start + 1)
    return found


def stated(text: str, co_mentions: bool = False) -> set[tuple[str, str, str]]:
    """Relate a text; (subject, predicate, object) in words."""
    document = scoring.named_text(text, spans(text))
    (found,) = RelateStage(RelateSettings(co_mentions=co_mentions))([document])
    assert isinstance(found, Relationships)
    mentions = document.mentions.mentions
    return {
        (mentions[r.subject].text, r.predicate.value, mentions[r.object].text)
        for r in found.relationships
    }


POSITIVE = [
    ("Acme Corp. sued Beta Inc. in 1999.", "Acme Corp.", "sued", "Beta Inc."),
    ("Beta Inc. was sued by Acme Corp. yesterday.", "Acme Corp.", "sued", "Beta Inc."),
    ("Acme Corp. filed a lawsuit against Beta Inc.", "Acme Corp.", "sued", "Beta Inc."),
    ("Acme Corp., which sued Beta Inc., won.", "Acme Corp.", "sued", "Beta Inc."),
    ("He said that Acme Corp. sued Beta Inc.", "Acme Corp.", "sued", "Beta Inc."),
    ("John Smith works for Acme Corp. as a clerk.", "John Smith", "employed_by", "Acme Corp."),
    ("FBI spokesman John Smith declined.", "John Smith", "employed_by", "FBI"),
    ("U.S. Secretary of State John Smith left.", "John Smith", "employed_by", "U.S."),
    ("John Smith, president of Acme Corp., resigned.", "John Smith", "leads", "Acme Corp."),
    ("John Smith was named director of the FBI.", "John Smith", "leads", "FBI"),
    ("The FBI's director, John Smith, spoke.", "John Smith", "leads", "FBI"),
    ("John Smith is a member of the FBI.", "John Smith", "member_of", "FBI"),
    ("Jane Roe represents Acme Corp. in court.", "Jane Roe", "represents", "Acme Corp."),
    ("Jane Roe, counsel for Acme Corp., objected.", "Jane Roe", "represents", "Acme Corp."),
    ("Jane Roe, Esq., on behalf of Acme Corp.", "Jane Roe", "represents", "Acme Corp."),
    ("John Smith signed the Clean Water Act.", "John Smith", "signed", "Clean Water Act"),
    ("Acme Corp. signed a deal with Beta Inc.", "Acme Corp.", "signed", "Beta Inc."),
    ("Acme Corp. paid Beta Inc. $5 million.", "Acme Corp.", "paid", "Beta Inc."),
    ("Acme Corp. paid Beta Inc. $5 million.", "Acme Corp.", "paid", "$5 million"),
    ("Beta Inc. was acquired by Acme Corp.", "Acme Corp.", "acquired", "Beta Inc."),
    ("Beta Inc. was sold to Acme Corp. in 1999.", "Acme Corp.", "acquired", "Beta Inc."),
    ("Beta Inc., a company owned by Acme Corp., closed.", "Acme Corp.", "owns", "Beta Inc."),
    ("Beta Inc. is a subsidiary of Acme Corp.", "Beta Inc.", "part_of", "Acme Corp."),
    ("John Smith founded Acme Corp. in 1999.", "John Smith", "founded", "Acme Corp."),
    ("John Smith met with Jane Roe in Paris.", "John Smith", "met", "Jane Roe"),
    ("Yesterday John Smith and Jane Roe met in Paris.", "John Smith", "met", "Jane Roe"),
    ("Acme Corp. is based in Paris.", "Acme Corp.", "located_in", "Paris"),
    ("It happened near Dallas, Texas, in 1999.", "Dallas", "located_in", "Texas"),
    ("The Paris-based Acme Corp. grew.", "Acme Corp.", "located_in", "Paris"),
    ("John Smith was born in Paris on 4 May 1950.", "John Smith", "born_in", "Paris"),
    ("John Smith was born on 4 May 1950.", "John Smith", "born_on", "4 May 1950"),
    ("Born in Paris, John Smith lived long.", "John Smith", "born_in", "Paris"),
    ("John Smith (1922 – 2010) was a poet.", "John Smith", "born_on", "1922"),
    ("John Smith married Jane Roe in 1999.", "John Smith", "married_to", "Jane Roe"),
    ("John Smith and his wife Jane Roe left.", "John Smith", "married_to", "Jane Roe"),
    ("John Smith is the brother of Paul Poe.", "John Smith", "related_to", "Paul Poe"),
    ("U.S. forces bombed Baghdad in 1999.", "U.S.", "attacked", "Baghdad"),
    ("Acme Corp. v. Beta Inc.", "Acme Corp.", "sued", "Beta Inc."),
    ("See Acme Corp. v. Beta Inc., 384 U.S. 436.", "Beta Inc.", "party_to", "384 U.S. 436"),
    ("Acme Corp. v. Beta Inc., No. 1:20-cv-00123", "Beta Inc.", "party_to", "1:20-cv-00123"),
    ("Acme Corp. settled with Jane Roe for $5 million.", "Acme Corp.", "paid", "$5 million"),
    ("John Smith received Jane Roe in Paris.", "John Smith", "met", "Jane Roe"),
    ("Members of the FBI include France and Iraq.", "Iraq", "member_of", "FBI"),
    ("The FBI, of which France is a member, met.", "France", "member_of", "FBI"),
    ("John Smith took command of the FBI.", "John Smith", "leads", "FBI"),
    ("U.S. jets struck an Iraq oil depot.", "U.S.", "attacked", "Iraq"),
    ("Jane Roe appeared on behalf of Acme Corp.", "Jane Roe", "represents", "Acme Corp."),
    ("Acme Corp. was represented at trial by Jane Roe.", "Jane Roe", "represents", "Acme Corp."),
    ("Beta Inc. faces a lawsuit from Acme Corp.", "Acme Corp.", "sued", "Beta Inc."),
    ("Acme Corp. and its subsidiary Beta Inc. grew.", "Beta Inc.", "part_of", "Acme Corp."),
    ("Acme Corp. entered into the Supply Agreement.", "Acme Corp.", "party_to", "Supply Agreement"),
    ("Baghdad came under attack from FBI fighters.", "FBI", "attacked", "Baghdad"),
    ("An attack on Baghdad claimed by the FBI killed ten.", "FBI", "attacked", "Baghdad"),
    ("John Smith was convicted of murdering Jane Roe.", "John Smith", "attacked", "Jane Roe"),
    ("Jane Roe's assassination by John Smith came first.", "John Smith", "attacked", "Jane Roe"),
    ("Jane Roe was killed in a U.S. airstrike.", "U.S.", "attacked", "Jane Roe"),
    ("Aircraft flown by the FBI struck Baghdad.", "FBI", "attacked", "Baghdad"),
    ("The FBI fired a missile that hit Baghdad.", "FBI", "attacked", "Baghdad"),
    ("Five airstrikes were conducted by the U.S. on Baghdad.", "U.S.", "attacked", "Baghdad"),
    ("John Smith, the killer of Jane Roe, died.", "John Smith", "attacked", "Jane Roe"),
    ("The FBI attacked and destroyed Baghdad.", "FBI", "attacked", "Baghdad"),
    ("After meeting Jane Roe in Paris, John Smith left.", "Jane Roe", "met", "John Smith"),
    ("John Smith flew to Paris for talks with Jane Roe.", "John Smith", "met", "Jane Roe"),
    ("John Smith had the opportunity to meet Jane Roe.", "John Smith", "met", "Jane Roe"),
    ("The meeting was attended by John Smith and Jane Roe.", "John Smith", "met", "Jane Roe"),
    ("A payment of $5 million from Acme Corp. to Beta Inc.", "Acme Corp.", "paid", "Beta Inc."),
    ("A payment of $5 million from Acme Corp. to Beta Inc.", "Acme Corp.", "paid", "$5 million"),
    ("John Smith took bribes from Acme Corp.", "Acme Corp.", "paid", "John Smith"),
    ("Beta Inc. borrowed $5 million from Acme Corp.", "Acme Corp.", "paid", "$5 million"),
    ("Acme Corp. wired $5 million to the account of Paul Poe.", "Acme Corp.", "paid", "Paul Poe"),
    ("Acme Corp. rewarded Paul Poe with $5 million.", "Acme Corp.", "paid", "Paul Poe"),
    ("Beta Inc. was financed by Acme Corp.", "Acme Corp.", "paid", "Beta Inc."),
    ("John Smith's signing of the Clean Water Act.", "John Smith", "signed", "Clean Water Act"),
    ("John Smith put his seal to the Clean Water Act.", "John Smith", "signed", "Clean Water Act"),
    ("A lawsuit against Beta Inc. filed by Acme Corp. failed.", "Acme Corp.", "sued", "Beta Inc."),
    ("Beta Inc. settled a lawsuit brought by Acme Corp.", "Acme Corp.", "sued", "Beta Inc."),
    ("The lawsuit brought by Acme Corp. accuses Beta Inc.", "Acme Corp.", "sued", "Beta Inc."),
    ("In its lawsuit, Acme Corp. accused Beta Inc. of fraud.", "Acme Corp.", "sued", "Beta Inc."),
    ("Acme Corp. served Beta Inc. with a complaint.", "Acme Corp.", "sued", "Beta Inc."),
    ("Acme Corp. came to an agreement with Beta Inc.", "Acme Corp.", "signed", "Beta Inc."),
    ("Acme Corp. applied for an injunction against Paul Poe.", "Acme Corp.", "sued", "Paul Poe"),
    ("John Smith said so in a suit against Acme Corp.", "John Smith", "sued", "Acme Corp."),
    ("The U.S. stepped up its strikes against the FBI.", "U.S.", "attacked", "FBI"),
    ("Strikes by the U.S. destroyed three FBI vehicles.", "U.S.", "attacked", "FBI"),
    ("John Smith met Paul Poe; Jane Roe became ill.", "John Smith", "met", "Paul Poe"),
    ("The head of Acme Corp., Jane Roe, met Paul Poe.", "Jane Roe", "met", "Paul Poe"),
    ("The two men, John Smith and Paul Poe, met in May.", "John Smith", "met", "Paul Poe"),
    ("Acme Corp. breached the Supply Agreement.", "Acme Corp.", "party_to", "Supply Agreement"),
    ("The Supply Agreement with Beta Inc. lapsed.", "Beta Inc.", "party_to", "Supply Agreement"),
    ("France withdrew from the Clean Water Act.", "France", "party_to", "Clean Water Act"),
    ("He spoke to a clerk at Acme Corp. in Dallas.", "Acme Corp.", "located_in", "Dallas"),
    ("Then John Smith of Dallas wrote.", "John Smith", "located_in", "Dallas"),
]


@pytest.mark.parametrize(("text", "subject", "predicate", "object_"), POSITIVE)
def test_states(text: str, subject: str, predicate: str, object_: str) -> None:
    assert (subject, predicate, object_) in stated(text)


def test_every_typed_predicate_has_an_example() -> None:
    shown = {predicate for _, _, predicate, _ in POSITIVE} | {"emailed", "copied", "co_mentioned"}
    assert shown == {predicate.value for predicate in Predicate}


@pytest.mark.parametrize(
    "text",
    [
        "Acme Corp. did not sue Beta Inc.",
        "Acme Corp. never sued Beta Inc.",
        "Acme Corp. may sue Beta Inc.",
        "Acme Corp. will acquire Beta Inc.",
        "If Acme Corp. sued Beta Inc., it would lose.",
        "Acme Corp. plans to acquire Beta Inc.",
        "Acme Corp. agreed to acquire Beta Inc.",
        "Acme Corp. denied that it paid Beta Inc.",
        "He denied that Acme Corp. paid Beta Inc.",
        "Acme Corp. was accused of attacking Beta Inc.",
        "Did Acme Corp. sue Beta Inc.?",
        "Acme Corp. left without paying Beta Inc.",
        "John Smith is not a member of the FBI.",
        "John Smith is no employee of Acme Corp.",
        "They visited France, Iraq and Texas.",
        "In Iraq President John Smith spoke.",
        "John Smith talked about Acme Corp.",
        "Acme Corp. abandoned its takeover of Beta Inc.",
        "The proposed acquisition of Beta Inc. by Acme Corp. failed.",
        "Near Baghdad, four strikes engaged the FBI.",
        "Ministers of the FBI in Paris agreed.",
        "He addressed the FBI in Paris.",
        "After they bombed Baghdad, Iraq objected.",
        "Acme Corp. and Beta Inc. signed an agreement.",
        "The agreement was signed by Acme Corp. and Beta Inc.",
        "An agreement between Acme Corp. and Beta Inc. lapsed.",
        "Acme Corp. breached the Clean Water Act.",
        "Acme Corp. hit its first FBI home run.",
        "Acme Corp. was hit with a fine by the FBI.",
        "It lies south of Baghdad in Texas.",
        "In Paris, Texas native John Smith sang.",
        "Acme Corp. paid tribute to John Smith.",
        "John Smith took $5 million from Jane Roe.",
        "Acme Corp. requested a refund of $5 million from Beta Inc.",
        "A payment by Acme Corp. to Beta Inc. is due in May.",
        "A meeting between John Smith and Jane Roe is scheduled for May.",
        "John Smith will fly to Paris for talks with Jane Roe.",
        "John Smith was acquitted of murdering Jane Roe.",
        "John Smith was never convicted of the murder of Jane Roe.",
        "John Smith left Baghdad to the anti-FBI militia.",
        "The first non-FBI director was John Smith.",
        '"John Smith vs. the FBI" was a hit.',
        "Then Lord Byron of Baghdad wrote.",
        "There is no proof that Acme Corp. paid Beta Inc. $5 million.",
        "No document shows that Acme Corp. acquired Beta Inc. in 1999.",
        "Nobody saw John Smith meet Jane Roe.",
        "Not one witness testified that John Smith met Jane Roe.",
        "The FBI did not find any evidence that John Smith met Jane Roe.",
        "It was closed without proof that John Smith met Jane Roe.",
        "There is no document that shows that Acme Corp. acquired Beta Inc.",
        "Neither John Smith nor Paul Poe met Jane Roe.",
        "At no time did John Smith meet Jane Roe.",
        "It was not John Smith who paid Jane Roe.",
        "Acme Corp. filed no lawsuit against Beta Inc.",
        "There is no evidence of a meeting between John Smith and Jane Roe.",
        "No document shows a payment by Acme Corp. to Beta Inc.",
        "The allegation that John Smith met Jane Roe was withdrawn.",
    ],
)
def test_leaves_what_is_not_stated(text: str) -> None:
    assert stated(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "There is no doubt that John Smith met Jane Roe.",
        "There is evidence that John Smith met Jane Roe.",
        "Nobody knew that John Smith met Jane Roe.",
        "No witness appeared, and John Smith met Jane Roe.",
    ],
)
def test_a_denial_elsewhere_denies_nothing(text: str) -> None:
    assert ("John Smith", "met", "Jane Roe") in stated(text)


def test_an_aside_is_said_of_the_name_before_it_alone() -> None:
    found = stated("John Smith, a partner at Acme Corp., and his client Jane Roe met Paul Poe.")
    assert ("John Smith", "employed_by", "Acme Corp.") in found
    assert ("Jane Roe", "employed_by", "Acme Corp.") not in found
    assert ("Jane Roe", "met", "Paul Poe") in found


def test_a_cited_case_does_not_say_who_sued_whom() -> None:
    assert stated("See Acme Corp. v. Beta Inc., 384 U.S. 436.") == {
        ("Acme Corp.", "party_to", "384 U.S. 436"),
        ("Beta Inc.", "party_to", "384 U.S. 436"),
    }


def test_the_firm_of_a_person_is_another() -> None:
    found = stated("Jane Roe's company, Gamma LLC, received $5 million from John Smith.")
    assert ("John Smith", "paid", "Gamma LLC") in found
    assert ("John Smith", "paid", "Jane Roe") not in found


def test_both_signatories_of_a_named_agreement_signed_it() -> None:
    assert stated("Acme Corp. and Beta Inc. signed the Supply Agreement.") == {
        ("Acme Corp.", "signed", "Supply Agreement"),
        ("Beta Inc.", "signed", "Supply Agreement"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "Near: Baghdad; Strikes: 2; Result: destroyed two FBI positions.",
        "Acme Corp.\tsued\tBeta Inc.",
        "Acme Corp. | sued | Beta Inc.",
        "- Acme Corp.\n- sued Beta Inc.",
        "Acme Corp.\n\nSued Beta Inc. in May.",
    ],
)
def test_cells_items_and_blocks_state_nothing_together(text: str) -> None:
    assert stated(text) == set()


def test_a_cell_of_its_own_is_read() -> None:
    found = stated("Near: Baghdad; Result: Acme Corp. sued Beta Inc.; Source: FBI")
    assert found == {("Acme Corp.", "sued", "Beta Inc.")}


def test_a_sentence_goes_on_below_the_end_of_a_page() -> None:
    found = stated("Yesterday Acme Corp.\n\nsued Beta Inc. in May.")
    assert ("Acme Corp.", "sued", "Beta Inc.") in found


@pytest.mark.parametrize(
    "text",
    [
        "PARIS, France - FBI fighters attacked Dallas.",
        "PARIS (AP) — The FBI attacked Dallas.",
        "Paris (France) — The FBI attacked Dallas.",
    ],
)
def test_a_dateline_is_no_part_of_the_sentence(text: str) -> None:
    about_the_attack = {fact for fact in stated(text) if fact[1] != "located_in"}
    assert about_the_attack == {("FBI", "attacked", "Dallas")}


def test_who_belongs_to_someone_is_another() -> None:
    found = stated("Jane Roe's brother, John Smith, was shot dead by Paul Poe.")
    assert ("Paul Poe", "attacked", "John Smith") in found
    assert ("Paul Poe", "attacked", "Jane Roe") not in found
    assert stated("Paul Poe shot Jane Roe's sister.") == set()


def test_a_date_without_a_comma_takes_no_subject() -> None:
    assert ("John Smith", "met", "Paul Poe") in stated("On 4 May 1950 John Smith met Paul Poe.")


def test_a_dash_behind_a_place_begins_no_sentence_in_small_letters() -> None:
    found = stated("France — which invaded Iraq — denied it.")
    assert found == {("France", "attacked", "Iraq")}


def test_a_soldier_of_a_service_is_not_said_twice() -> None:
    text = "Navy Capt. John Smith spoke."
    document = scoring.named_text(text, [(0, 4, "ORG"), (11, 21, "PERSON")])
    (found,) = RelateStage(RelateSettings())([document])
    assert isinstance(found, Relationships)
    assert [r.predicate for r in found.relationships] == [Predicate.MEMBER_OF]


def test_coordination_on_both_sides() -> None:
    found = stated("Acme Corp. and Beta Inc. sued John Smith and Jane Roe.")
    assert found == {
        (a, "sued", b) for a in ("Acme Corp.", "Beta Inc.") for b in ("John Smith", "Jane Roe")
    }


def test_a_refused_signatory_is_none() -> None:
    found = stated("The Clean Water Act was signed by John Smith, but not by Jane Roe.")
    assert ("John Smith", "signed", "Clean Water Act") in found
    assert ("Jane Roe", "signed", "Clean Water Act") not in found


def test_a_deputy_does_not_lead() -> None:
    assert stated("John Smith, deputy director of the FBI, spoke.") == {
        ("John Smith", "employed_by", "FBI")
    }


def test_leads_is_not_said_twice() -> None:
    found = stated("John Smith, president of Acme Corp., works for Acme Corp.")
    assert found == {("John Smith", "leads", "Acme Corp.")}


def test_the_town_is_meant_where_the_state_follows() -> None:
    found = stated("John Smith was born in Dallas, Texas.")
    assert found == {("John Smith", "born_in", "Dallas"), ("Dallas", "located_in", "Texas")}


def test_a_list_of_countries_nests_nothing() -> None:
    assert stated("From Baghdad, France, Iraq and Texas came letters.") == set()
    assert stated("There are flights to Paris, Dallas, Iraq and Baghdad.") == set()


def test_hard_wrapped_text() -> None:
    found = stated("Then U.S. Secretary of\nState John Smith, and counsel, met with\nJane Roe.")
    assert ("John Smith", "employed_by", "U.S.") in found
    assert ("John Smith", "met", "Jane Roe") in found


def test_co_mentions_fill_what_no_pattern_says() -> None:
    found = stated("Acme Corp. sued Beta Inc. while Jane Roe was there.", co_mentions=True)
    assert found == {
        ("Acme Corp.", "sued", "Beta Inc."),
        ("Acme Corp.", "co_mentioned", "Jane Roe"),
        ("Beta Inc.", "co_mentioned", "Jane Roe"),
    }


def test_a_long_list_makes_no_co_mentions() -> None:
    text = "Then came John Smith, Jane Roe and Paul Poe."
    document = scoring.named_text(text, spans(text))
    few, many = (RelateStage(RelateSettings(max_names=n))([document])[0] for n in (2, 3))
    assert few.relationships == ()
    assert len(many.relationships) == 3


def test_dates_and_money_are_not_co_mentioned() -> None:
    assert stated("Acme Corp. thought of $5 million in 1999.", co_mentions=True) == set()


HEAD = "From: Ann <ann@x.example>\nTo: Bob; Cy\nCc: Di\n\nHello. Bob and Eve talked."


def mail(text: str = HEAD) -> NamedText:
    """Build a mail with its roles, without a parse."""
    parts = [
        ("Ann", Role.SENDER),
        ("Bob", Role.RECIPIENT),
        ("Cy", Role.RECIPIENT),
        ("Di", Role.COPIED),
    ]
    mentions = [
        Mention(
            start=text.index(word),
            end=text.index(word) + len(word),
            text=word,
            type=MentionType.PERSON,
            page=1,
            model="m",
            role=role,
        )
        for word, role in parts
    ]
    for word in ("Bob", "Eve"):
        start = text.rindex(word)
        mentions.append(
            Mention(
                start=start, end=start + 3, text=word, type=MentionType.PERSON, page=1, model="m"
            )
        )
    head = text.index("\n\n")
    chunk = Chunk(
        start=0,
        end=len(text),
        page=1,
        text=text,
        sentences=((0, head), (head + 2, head + 8), (head + 9, len(text))),
    )
    normals = sorted({m.text for m in mentions})
    return NamedText(
        chunks=Chunks(chunks=(chunk,), page_starts=(0,)),
        mentions=Mentions(mentions=tuple(mentions)),
        names=Names(
            names=tuple(Name(type=MentionType.PERSON, normal=n) for n in normals),
            links=tuple(Link(name=normals.index(m.text)) for m in mentions),
        ),
    )


def test_mail_heads() -> None:
    document = mail()
    (found,) = RelateStage(RelateSettings())([document])
    assert isinstance(found, Relationships)
    words = document.mentions.mentions
    text = document.chunks.chunks[0].text
    said = [
        (words[r.subject].text, r.predicate.value, words[r.object].text, text[r.start : r.end])
        for r in found.relationships
    ]
    head = "From: Ann <ann@x.example>\nTo: Bob; Cy\nCc: Di"
    assert said == [
        ("Ann", "emailed", "Bob", head),
        ("Ann", "emailed", "Cy", head),
        ("Ann", "copied", "Di", head),
        ("Bob", "co_mentioned", "Eve", "Bob and Eve talked."),
    ]


def test_a_mail_to_oneself_is_no_relationship() -> None:
    document = mail()
    same = document.names.model_copy(update={"links": tuple([Link(name=0)] * 6)})
    (found,) = RelateStage(RelateSettings())([document.model_copy(update={"names": same})])
    assert isinstance(found, Relationships)
    assert found.relationships == ()


SENTENCES = [text for text, *_ in POSITIVE]


@hypothesis_settings(max_examples=25)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5))
def test_laws(sentences: list[str]) -> None:
    """Evidence holds both arguments, nothing is tied to itself, order and repetition are fixed,
    and neighbours in the batch change nothing.
    """
    text = "\n".join(sentences)
    document = scoring.named_text(text, spans(text))
    stage = RelateStage(RelateSettings())
    (found,) = stage([document])
    assert isinstance(found, Relationships)
    mentions, links = document.mentions.mentions, document.names.links
    for r in found.relationships:
        for index in (r.subject, r.object):
            assert r.start <= mentions[index].start
            assert mentions[index].end <= r.end
        assert links[r.subject].name != links[r.object].name
        assert text[r.start : r.end].strip() == text[r.start : r.end]
        assert 0 < r.score <= 1
        assert r.rule
    keys = [(r.start, r.subject, r.object, r.predicate) for r in found.relationships]
    assert keys == sorted(set(keys))
    assert list(stage([mail(), document, mail()]))[1] == found


def test_identity_names_what_decides() -> None:
    one = RelateStage(RelateSettings()).identity
    other = RelateStage(RelateSettings(max_names=3)).identity
    assert one.version == other.version
    assert one.fingerprint(["x"]) != other.fingerprint(["x"])


def test_a_document_without_mentions() -> None:
    empty = NamedText(
        chunks=Chunks(chunks=(), page_starts=(0,)),
        mentions=Mentions(mentions=()),
        names=Names(names=(), links=()),
    )
    assert RelateStage(RelateSettings())([empty]) == [Relationships(relationships=())]


def test_a_heading_is_no_part_of_the_phrase_below_it() -> None:
    one_line = "Acme Corp. President John Smith spoke."
    assert any(subject == "John Smith" for subject, _, _ in stated(one_line))
    assert stated("Acme Corp.\n\nPresident John Smith spoke.") == set()


def test_a_caption_may_be_set_with_blank_lines() -> None:
    assert ("John Smith", "sued", "Acme Corp.") in stated("John Smith\n\nv.\n\nAcme Corp.")


def test_the_adjective_of_a_country_is_no_party_to_a_fact() -> None:
    text = "Jane Roe is an American lawyer."
    document = scoring.named_text(text, [*spans(text), (15, 23, "GPE")])
    assert _related(document) == [("Jane Roe", "American")]
    adjective = document.mentions.mentions[1].model_copy(update={"subtype": "adjective"})
    mentions = document.mentions.model_copy(
        update={"mentions": (document.mentions.mentions[0], adjective)}
    )
    assert _related(document.model_copy(update={"mentions": mentions})) == []


def _related(document: NamedText) -> list[tuple[str, str]]:
    """Relate a document; (subject, object) in words."""
    (found,) = RelateStage(RelateSettings(co_mentions=False))([document])
    assert isinstance(found, Relationships)
    mentions = document.mentions.mentions
    return [(mentions[r.subject].text, mentions[r.object].text) for r in found.relationships]
