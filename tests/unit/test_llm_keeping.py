"""Of what a model says only that is kept which the document's own words say, where they say it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import Chunk, Mention, MentionType, Predicate, Role
from pipeline.llm.answers import SaidEntity, SaidRelation
from pipeline.llm.evidence import MOST_NAMES, KeptRelations, kept_relations, numbered
from pipeline.llm.keeping import FoundName, Reason, kept_names
from pipeline.llm.schema_file import parse_schema, read_schema

SCHEMA = read_schema()
T = MentionType
AT = 1_000


def chunk_of(text: str, start: int = AT) -> Chunk:
    """Cut a text at its full stops; a sentence has the blanks behind it."""
    sentences = tuple(
        (start + match.start(), start + match.end()) for match in re.finditer(r"[^.]+\.?\s*", text)
    )
    return Chunk(start=start, end=start + len(text), page=1, text=text, sentences=sentences)


def names_in(text: str, *said: tuple[str, str]) -> list[tuple[str, T, str | None]]:
    kept = kept_names(chunk_of(text), SCHEMA, [SaidEntity(text=a, type=b) for a, b in said])
    return [(text[x.start - AT : x.end - AT], x.type, x.subtype) for x in kept.names]


def dropped_of(text: str, *said: tuple[str, str]) -> dict[Reason, int]:
    kept = kept_names(chunk_of(text), SCHEMA, [SaidEntity(text=a, type=b) for a, b in said])
    return dict(kept.dropped)


def test_a_name_is_kept_wherever_it_stands_as_its_type() -> None:
    text = "Ann Lee met Bob. Ann\nLee left the Tax Court."
    assert names_in(text, ("Tax Court", "COURT"), ("Ann Lee", "PERSON")) == [
        ("Ann Lee", T.PERSON, None),
        ("Ann\nLee", T.PERSON, None),
        ("Tax Court", T.ORG, "court"),
    ]


def test_a_found_name_is_what_recognisers_give() -> None:
    kept = kept_names(chunk_of("Ann."), SCHEMA, [SaidEntity(text="Ann", type="PERSON")])
    assert kept.names == (FoundName(start=AT, end=AT + 3, type=T.PERSON),)
    assert (kept.names[0].label, kept.names[0].proper, kept.names[0].common) == (
        "PERSON",
        True,
        False,
    )


def test_of_two_names_that_overlap_the_longer_stands_and_of_equals_the_first() -> None:
    text = "Bank of Orsk sued Orsk."
    assert names_in(text, ("Orsk", "GPE"), ("Bank of Orsk", "ORG"), ("Orsk", "LOC")) == [
        ("Bank of Orsk", T.ORG, None),
        ("Orsk", T.GPE, None),
    ]


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ("Ann met Brown. Smith went home.", "Brown Smith", []),
        ("He said no. Va was silent.", "Nova", []),
        ("She joined Zeltron-Works in May.", "Zeltron Works", ["Zeltron-Works"]),
        ("Zeltron-Works grew. Then Ann left.", "Zeltron Works", ["Zeltron-Works"]),
        ("Ann left. Zeltron-Works", "Zeltron Works", ["Zeltron-Works"]),
    ],
)
def test_a_name_that_is_read_with_tolerance_stands_in_one_sentence(
    text: str, name: str, kept: list[str]
) -> None:
    assert [words for words, *_ in names_in(text, (name, "ORG"))] == kept


def test_what_is_dropped_is_counted_with_its_reason() -> None:
    text = "The Bank of Orsk sued Ann" + " " * 300 + "Lee. " + "Very " * 60 + "Long."
    assert dropped_of(
        text,
        ("Bank of Orsk", "ORG"),
        ("Orsk", "GPE"),
        ("Bank of Orsk", "LAW_FIRM"),
        ("Evil Corp", "ORG"),
        ("", "ORG"),
        ("Ann", "SHIP"),
        ("Ann", "person"),
        ("Ann Lee", "PERSON"),
        (("Very " * 60).strip(), "PERSON"),
    ) == {
        Reason.UNGROUNDED: 2,
        Reason.UNKNOWN_TYPE: 2,
        Reason.TOO_LONG: 2,
        Reason.OVERLAPPING: 2,
    }


WORDS = st.lists(st.sampled_from(["Ann", "Lee", "Orsk", "Bank", "of", "-\n", "."]), max_size=12)
SAID = st.lists(
    st.builds(
        SaidEntity,
        text=WORDS.map(lambda words: " ".join(words[:3])),
        type=st.sampled_from(["PERSON", "ORG", "COURT", "SHIP"]),
    ),
    max_size=6,
)


@given(WORDS, SAID)
def test_kept_names_are_in_order_apart_and_each_said_one_is_kept_or_counted(
    words: list[str], said: list[SaidEntity]
) -> None:
    chunk = chunk_of(" ".join(words))
    kept = kept_names(chunk, SCHEMA, said)
    last = chunk.start
    for name in kept.names:
        assert last <= name.start < name.end <= chunk.end
        last = name.end
    assert sum(kept.dropped.values()) <= len(said)
    assert len(said) - sum(kept.dropped.values()) <= len(kept.names)


TEXT = (
    "Ann Lee joined Acme Corp. in May. She works for Acme Corp today. Bob Ray did not sue Acme "
    "Corp. Zoe Fox met Ann Lee. It rained. Nobody came. Bob Ray left."
)
SAID_NAMES = [
    ("Ann Lee", "PERSON"),
    ("Acme Corp", "ORG"),
    ("Bob Ray", "PERSON"),
    ("Zoe Fox", "PERSON"),
    ("May", "DATE"),
]
CHUNK = Chunk(
    start=AT,
    end=AT + len(TEXT),
    page=1,
    text=TEXT,
    sentences=tuple(
        (AT + match.start(), AT + match.end())
        for match in re.finditer(r"(?:Corp\. in|[^.])+\.\s*", TEXT)
    ),
)
FOUND = kept_names(CHUNK, SCHEMA, [SaidEntity(text=a, type=b) for a, b in SAID_NAMES]).names
MENTIONS = [
    Mention(start=x.start, end=x.end, text=TEXT[x.start - AT : x.end - AT], type=x.type, page=1,
            model="m")
    for x in FOUND
]  # fmt: skip
NAMES = numbered(CHUNK, SCHEMA, MENTIONS)
ANN, ACME, MAY, BOB, ZOE = range(1, 6)


def kept(subject: int, predicate: str, object_: int, quote: str) -> KeptRelations:
    said = SaidRelation(subject=subject, predicate=predicate, object=object_, quote=quote)
    return kept_relations(CHUNK, SCHEMA, MENTIONS, NAMES, [said])


def test_names_are_numbered_in_the_order_of_the_text() -> None:
    assert [(x.number, x.name, x.type, len(x.mentions)) for x in NAMES] == [
        (ANN, "Ann Lee", "PERSON", 2),
        (ACME, "Acme Corp", "ORG", 3),
        (MAY, "May", "DATE", 1),
        (BOB, "Bob Ray", "PERSON", 2),
        (ZOE, "Zoe Fox", "PERSON", 1),
    ]
    assert [MENTIONS[index].text for index in NAMES[1].mentions] == ["Acme Corp"] * 3


def test_only_names_of_the_chunk_are_numbered_and_none_of_a_mails_head() -> None:
    head = MENTIONS[0].model_copy(update={"role": Role.SENDER})
    outside = [
        MENTIONS[0].model_copy(update={"start": AT - 5, "end": AT + 3}),
        MENTIONS[0].model_copy(update={"start": CHUNK.end - 2, "end": CHUNK.end + 3}),
        MENTIONS[0].model_copy(update={"start": CHUNK.end, "end": CHUNK.end + 3}),
    ]
    mentions = [outside[0], head, *MENTIONS[1:], *outside[1:]]
    names = numbered(CHUNK, SCHEMA, mentions)
    assert [x.name for x in names] == ["Acme Corp", "May", "Bob Ray", "Zoe Fox", "Ann Lee"]
    assert names[0].mentions[0] == 2


def test_a_question_is_about_so_many_names_and_no_more() -> None:
    words = [f"N{number} A" for number in range(MOST_NAMES + 5)]
    chunk = chunk_of(" ".join(words))
    found = kept_names(chunk, SCHEMA, [SaidEntity(text=word, type="ORG") for word in words]).names
    mentions = [
        Mention(start=x.start, end=x.end, text=chunk.text[x.start - AT : x.end - AT], type=x.type,
                page=1, model="m")
        for x in found
    ]  # fmt: skip
    assert [x.name for x in numbered(chunk, SCHEMA, mentions)] == words[:MOST_NAMES]


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        ((ANN, "employed_by", ACME, "Ann Lee joined Acme Corp."),
         "Ann Lee joined Acme Corp. in May."),
        ((ANN, "employed_by", ACME, "Ann Lee joined Acme Corp. in May. She works for Acme Corp"),
         "Ann Lee joined Acme Corp. in May. She works for Acme Corp today."),
        ((ANN, "employed_by", ACME, "She works for Acme Corp today"),
         "Ann Lee joined Acme Corp. in May. She works for Acme Corp today."),
        ((ZOE, "met", ANN, "Zoe Fox met Ann Lee."), "Zoe Fox met Ann Lee."),
    ],
)  # fmt: skip
def test_a_relation_is_kept_with_its_nearest_mentions_and_whole_sentences(
    said: tuple[int, str, int, str], evidence: str
) -> None:
    (relation,) = kept(*said).relationships
    assert TEXT[relation.start - AT : relation.end - AT] == evidence
    assert relation.predicate.value == said[1]
    assert relation.rule == f"llm {said[1]}"
    for index, number in ((relation.subject, said[0]), (relation.object, said[2])):
        assert MENTIONS[index].text == NAMES[number - 1].name
        assert relation.start <= MENTIONS[index].start < MENTIONS[index].end <= relation.end


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((ANN, "knows", ACME, "Ann Lee joined Acme Corp."), Reason.UNKNOWN_PREDICATE),
        ((ANN, "co_mentioned", ACME, "Ann Lee joined Acme Corp."), Reason.UNKNOWN_PREDICATE),
        ((0, "employed_by", ACME, "Ann Lee joined Acme Corp."), Reason.UNKNOWN_NAME),
        ((ANN, "employed_by", 10**3000, "Ann Lee joined Acme Corp."), Reason.UNKNOWN_NAME),
        ((ANN, "met", ANN, "Zoe Fox met Ann Lee."), Reason.SAME_NAME),
        ((ACME, "employed_by", ANN, "Ann Lee joined Acme Corp."), Reason.WRONG_TYPES),
        ((ANN, "employed_by", MAY, "Ann Lee joined Acme Corp. in May"), Reason.WRONG_TYPES),
        ((ANN, "employed_by", ACME, "Ann Lee joined " * 100), Reason.TOO_LONG),
        ((ANN, "employed_by", ACME, "Ann Lee leads Acme Corp."), Reason.UNGROUNDED),
        ((ANN, "employed_by", ACME, ""), Reason.UNGROUNDED),
        ((BOB, "sued", ACME, "Bob Ray did sue Acme Corp."), Reason.UNGROUNDED),
        ((BOB, "sued", ACME, "Bob Ray did not sue Acme Corp."), Reason.DENIED),
        ((BOB, "sued", ACME, "sue Acme Corp."), Reason.DENIED),
        ((ZOE, "met", ANN, "It rained."), Reason.TOO_FAR_APART),
        ((BOB, "met", ZOE, "Bob Ray left."), Reason.TOO_FAR_APART),
        ((ANN, "employed_by", ACME, "joined"), None),
        ((ANN, "employed_by", ACME, "Ann"), Reason.SAYS_NOTHING),
        ((ANN, "employed_by", ACME, "Ann Lee"), Reason.SAYS_NOTHING),
        ((ANN, "employed_by", ACME, "Acme Corp"), Reason.SAYS_NOTHING),
        ((BOB, "met", ZOE, "a"), Reason.UNGROUNDED),
    ],
)
def test_another_relation_is_dropped_and_counted(
    said: tuple[int, str, int, str], reason: Reason | None
) -> None:
    found = kept(*said)
    if reason is None:
        assert len(found.relationships) == 1
    else:
        assert found == KeptRelations(dropped={reason: 1})


def test_a_relation_said_twice_is_kept_once_and_relations_are_in_order() -> None:
    said = [
        SaidRelation(subject=ZOE, predicate="met", object=ANN, quote="Zoe Fox met Ann Lee."),
        SaidRelation(subject=ANN, predicate="employed_by", object=ACME, quote="Ann Lee joined"),
        SaidRelation(subject=ZOE, predicate="met", object=ANN, quote="Zoe Fox met"),
        SaidRelation(subject=ZOE, predicate="met", object=9, quote="Zoe Fox met"),
    ]
    found = kept_relations(CHUNK, SCHEMA, MENTIONS, NAMES, said)
    assert [x.predicate.value for x in found.relationships] == ["employed_by", "met"]
    assert found.dropped == {Reason.UNKNOWN_NAME: 1}


def test_a_predicate_of_ones_own_is_kept_as_what_it_is() -> None:
    schema = parse_schema(
        b"types: {PERSON: {means: x}}\npredicates: {dined_with: {is: met, means: x}}"
    )
    said = SaidRelation(subject=ZOE, predicate="dined_with", object=ANN, quote="Zoe Fox met Ann")
    (relation,) = kept_relations(CHUNK, schema, MENTIONS, NAMES, [said]).relationships
    assert (relation.predicate, relation.rule) == (Predicate.MET, "llm dined_with")


def people_of(text: str, *people: str) -> tuple[Chunk, list[Mention]]:
    chunk = chunk_of(text)
    found = kept_names(chunk, SCHEMA, [SaidEntity(text=x, type="PERSON") for x in people])
    mentions = [
        Mention(start=x.start, end=x.end, text=text[x.start - AT : x.end - AT], type=x.type,
                page=1, model="m")
        for x in found.names
    ]  # fmt: skip
    return chunk, mentions


def between_first_two(text: str, people: tuple[str, ...], quote: str) -> KeptRelations:
    chunk, mentions = people_of(text, *people)
    names = numbered(chunk, SCHEMA, mentions)
    said = SaidRelation(subject=1, predicate="paid", object=2, quote=quote)
    return kept_relations(chunk, SCHEMA, mentions, names, [said])


@pytest.mark.parametrize(("quote", "kept"), [("met", 1), ("met Bob. He paid", 1), ("He paid", 0)])
def test_a_quote_that_stands_twice_is_the_one_beside_the_names(quote: str, kept: int) -> None:
    text = "They met. He paid. It rained. Nobody came. It snowed. Ann met Bob. He paid."
    assert len(between_first_two(text, ("Ann", "Bob"), quote).relationships) == kept


@pytest.mark.parametrize(
    ("text", "quote", "kept"),
    [
        ("Ann never paid Bob.", "Ann never paid Bob.", 0),
        ("Ann didn’t pay Bob.", "pay Bob", 0),
        ("Ann denied that she paid Bob.", "she paid Bob", 0),
        ("Ann paid Bob, who had not asked.", "Ann paid Bob, who had not asked", 1),
        ("Ann paid under order No. 5 to Bob.", "Ann paid under order No. 5", 1),
        ("Ann Without paid Bob.", "paid Bob", 1),
        ("Nobody ever said that Ann paid Bob.", "Ann paid Bob", 0),
        ("Nobody ever said that Ann paid Bob.", "Nobody ever said that Ann paid Bob.", 0),
        ("It is false that Ann paid Bob.", "Ann paid Bob", 0),
        ("It is not at all clear whether Ann paid Bob.", "Ann paid Bob", 0),
        ("Nobody was hurt, and Ann paid Bob.", "Ann paid Bob", 1),
        ("Nobody was hurt there. Ann paid Bob.", "hurt there. Ann paid Bob", 1),
        ("In the hall, where no light was on, Ann paid Bob.", "Ann paid Bob", 1),
    ],
)
def test_what_is_denied_between_the_names_is_no_relation(text: str, quote: str, kept: int) -> None:
    """What a denial behind both names denies cannot be told by its place."""
    found = between_first_two(text, ("Ann Without", "Ann", "Bob"), quote)
    assert len(found.relationships) == kept
    assert found.dropped == ({} if kept else {Reason.DENIED: 1})


@pytest.mark.parametrize(
    ("quote", "kept"),
    [
        ("a", {Reason.TOO_FAR_APART: 1}),
        ("lives", {Reason.TOO_FAR_APART: 1}),
        ("The weather is fine", {Reason.TOO_FAR_APART: 1}),
        ("Ann", {Reason.SAYS_NOTHING: 1}),
        ("Bob made a profit", {}),
        ("Ann lives in a town. The weather is fine. Bob made", {}),
    ],
)
def test_a_quote_says_something_of_one_of_the_names(quote: str, kept: dict[Reason, int]) -> None:
    text = "Ann lives in a town. The weather is fine. Bob made a profit."
    assert between_first_two(text, ("Ann", "Bob"), quote).dropped == kept


def test_a_list_of_both_names_is_a_quote() -> None:
    assert between_first_two("Ann, Bob", ("Ann", "Bob"), "Ann, Bob").dropped == {}
    chinese = between_first_two("王 訴 李", ("王", "李"), "訴")
    assert chinese.dropped == {}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Nobody said that Mr. Ann paid Bob.", 0),
        ("Nobody came. Ann paid Bob.", 1),
        ("Nobody came! Ann paid Bob.", 1),
    ],
)
def test_a_denial_is_of_its_clause_also_where_sentences_are_not_told_apart(
    text: str, kept: int
) -> None:
    chunk, mentions = people_of(text, "Ann", "Bob")
    chunk = chunk.model_copy(update={"sentences": ((chunk.start, chunk.end),)})
    names = numbered(chunk, SCHEMA, mentions)
    said = SaidRelation(subject=1, predicate="paid", object=2, quote="Ann paid Bob")
    found = kept_relations(chunk, SCHEMA, mentions, names, [said])
    assert len(found.relationships) == kept
