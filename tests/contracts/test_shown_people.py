"""What one document shows of people holds in the project: father and son, person and company."""

from __future__ import annotations

import pytest
from deciding_case import Deciding
from store_case import StoreCase

from pipeline.engines.sentences import Sentences
from pipeline.registry.verdicts import A_COMPANY, FATHER_AND_SON, OTHER_GENERATION
from pipeline.registry_cards import explained
from pipeline.registry_review import Review

JR = "[Donald Trump Jr.|PERSON]"
DOCUMENTS = {
    "both": f"[Donald Trump|PERSON]'s eldest son, {JR}, spoke. [Donald Trump|PERSON] left.",
    "son": f"{JR} bought a house.",
    "father": "[Donald Trump|PERSON] sold it to [Ann Lee|PERSON].",
}
WHO = """
SELECT d.source, m.text, m.entity_id::text FROM published_mentions m
JOIN documents d ON d.content_id = m.content_id
"""


@pytest.fixture
def people(store_case: StoreCase) -> Deciding:
    return Deciding(store_case)


@pytest.mark.parametrize("order", [("both", "son", "father"), ("father", "son", "both")])
def test_father_and_son_are_two_in_all_documents(people: Deciding, order: tuple[str, ...]) -> None:
    for document in order:
        people.publish(**{document: DOCUMENTS[document]})

    assert {frozenset({"Donald Trump"}), frozenset({"Donald Trump Jr."})} < people.partition()
    found = people.case.rows(WHO)
    assert len({entity for _, text, entity in found if text == "Donald Trump Jr."}) == 1
    assert len({source for source, text, _ in found if text == "Donald Trump"}) == 2
    people.case.forgetting.forget([people.case.uri("both.txt")])
    people.settle()
    assert frozenset({"Donald Trump", "Donald Trump Jr."}) in people.partition()


def test_why_father_and_son_are_two_is_said_with_the_document_that_tells(people: Deciding) -> None:
    people.publish(**DOCUMENTS)
    son = people.desk.entity("Donald Trump Jr.")
    for who, other in ((people.desk.entity("Donald Trump"), son), (son, None)):
        card = explained(people.desk, who.id, 20)
        [miss] = card["near_misses"]
        assert [reason["rule"] for reason in miss["reasons"]] == [FATHER_AND_SON]
        assert [place["source"] for place in miss["told_in"]] == ["corpus/both.txt"]
        assert other is None or miss["id"] == other.id
    told = {name["places"][0]["source"]: name["told"] for name in card["names"]}
    assert set(told) == {"corpus/both.txt", "corpus/son.txt"}
    assert "told from" in told["corpus/both.txt"]
    assert not told["corpus/son.txt"]

    # A text may be wrong: they are asked for, behind all else.
    *_, last = Review(people.desk, Sentences()).cards(50)
    assert [reason["rule"] for reason in last["reasons"]] == [FATHER_AND_SON]
    decided = people.desk.never("Donald Trump", "Donald Trump Jr.", "ann").decision
    [miss] = explained(people.desk, son.id, 20)["near_misses"]
    assert miss["decision"]["number"] == decided.number
    assert not list(Review(people.desk, Sentences()).cards(50))


def test_nobody_is_asked_whether_junior_is_senior(people: Deciding) -> None:
    people.publish(a="[John Rigby Jr.|PERSON] left.", b="[John Rigby Sr.|PERSON] left.")
    [miss] = explained(people.desk, people.desk.entity("John Rigby Jr.").id, 20)["near_misses"]
    assert [reason["rule"] for reason in miss["reasons"]] == [OTHER_GENERATION]
    assert not list(Review(people.desk, Sentences()).cards(50))


LATER = "[Donald Trump Jr.|PERSON] came. [Donald Trump|PERSON] left."


def test_a_name_behind_the_sons_is_his_until_another_text_tells_two(people: Deciding) -> None:
    people.publish(later=LATER, son=DOCUMENTS["son"], father=DOCUMENTS["father"])
    assert frozenset({"Donald Trump", "Donald Trump Jr."}) in people.partition()

    people.publish(both=DOCUMENTS["both"])
    found = people.case.rows(WHO)
    entities = {(source, text): entity for source, text, entity in found if "Trump" in text}
    father, son = (
        entities["corpus/father.txt", "Donald Trump"],
        entities["corpus/son.txt", "Donald Trump Jr."],
    )
    assert entities["corpus/later.txt", "Donald Trump Jr."] == son
    left = entities["corpus/later.txt", "Donald Trump"]
    assert left not in {father, son}
    misses = explained(people.desk, left, 20)["near_misses"]
    assert {miss["id"]: miss["why"] for miss in misses} == {father: "ambiguous", son: "ambiguous"}

    # Once somebody has said who it is, nobody is asked again.
    assert {"ambiguous"} <= {pair.why for pair in Review(people.desk, Sentences()).pairs(50)}
    people.desk.merge([left, father], "ann")
    assert {pair.why for pair in Review(people.desk, Sentences()).pairs(50)} == {"told"}
    people.case.forgetting.forget([people.case.uri("both.txt")])
    people.settle()
    assert frozenset({"Donald Trump", "Donald Trump Jr."}) in people.partition()


DENHOLM = {
    "junior": "[Thomas Denholm Jr.|PERSON] spoke. [Thomas Denholm|PERSON] left.",
    "senior": "[Thomas Denholm Sr.|PERSON] sat. [Thomas Denholm|PERSON] slept.",
    "told": "[Thomas Denholm Jr.|PERSON] met his father, [Thomas Denholm|PERSON], in Boston.",
}


def test_who_may_be_the_son_is_not_one_with_who_may_be_the_father(people: Deciding) -> None:
    people.publish(**DENHOLM)
    found = {
        source: entity for source, text, entity in people.case.rows(WHO) if text == "Thomas Denholm"
    }
    left, slept = found["corpus/junior.txt"], found["corpus/senior.txt"]
    assert left != slept
    [name] = explained(people.desk, left, 20)["names"]
    assert "behind the same name" in name["told"]
    # First what a text tells, also where only few are looked at.
    junior = people.desk.entity("Thomas Denholm Jr.")
    [first] = explained(people.desk, junior.id, 1)["near_misses"]
    assert [place["source"] for place in first["told_in"]] == ["corpus/told.txt"]
    assert FATHER_AND_SON in {reason["rule"] for reason in first["reasons"]}


def test_a_name_that_is_left_open_is_ambiguous_itself_not_what_it_may_be(
    people: Deciding,
) -> None:
    people.publish(**DOCUMENTS, later=LATER)
    cards = list(Review(people.desk, Sentences()).cards(50))
    open_ = [card for card in cards if card["why"] == "ambiguous"]
    assert [len(card["also"]) for card in open_] == [1, 1]
    assert len({pair.shorter for pair in Review(people.desk, Sentences()).pairs(2)}) == 1


def test_a_name_whose_mentions_all_mean_another_is_written_without_its_mark(
    people: Deciding,
) -> None:
    people.publish(later=LATER, son=DOCUMENTS["son"])
    both = people.desk.entity("Donald Trump Jr.")
    people.desk.split_documents(both.id, ["corpus/later.txt"], "ann")
    cards = [
        explained(people.desk, entity, 20)
        for entity in {entity for _, _, entity in people.case.rows(WHO)}
    ]
    names = [name for card in cards for name in card["names"]]
    assert any(not name["mentions"] and "or not" in name["normal"] for name in names)
    said = [name["text"] for name in names]
    said += [joined["name"] for name in names for joined in name["joined"]]
    assert not any("or not" in text for text in said)


def test_people_can_say_that_they_are_one(people: Deciding) -> None:
    people.publish(**DOCUMENTS)
    outcome = people.desk.merge(["Donald Trump", "Donald Trump Jr."], "ann")
    assert "of two" not in outcome.text
    assert frozenset({"Donald Trump", "Donald Trump Jr."}) in people.partition()


def test_why_a_person_is_not_the_company_is_said_before_what_is_alike(people: Deciding) -> None:
    people.publish(
        a="[John Rigby|PERSON] set up [John Rigby LLC|ORG]. Mr. [Rigby|ORG] left.",
        b="[John Rigby|PERSON] was seen.",
    )
    person = people.desk.entity("John Rigby")
    assert person.type == "PERSON"
    [miss] = explained(people.desk, person.id, 20)["near_misses"]
    assert miss["pairs"] == 2
    assert [reason["rule"] for reason in miss["reasons"]] == [A_COMPANY]
    [card] = Review(people.desk, Sentences()).cards(50)
    assert [reason["rule"] for reason in card["reasons"]] == [A_COMPANY]
