"""What one document shows of people holds in the project: father and son, person and company."""

from __future__ import annotations

import pytest
from deciding_case import Deciding
from store_case import StoreCase

from pipeline.engines.sentences import Sentences
from pipeline.registry.verdicts import A_COMPANY
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
