"""People decide which names are one thing: what they say holds, whatever comes, and can be undone.

Documents come by the real publisher, names by the real stage; the registry is the stored one.
"""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest
from deciding_case import Deciding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_case import emptied
from registry_case import law
from store_case import StoreCase

from pipeline.decision_desk import AmbiguousError
from pipeline.engines.sentences import Sentences
from pipeline.errors import UsageError
from pipeline.identity import node_id
from pipeline.registry.decisions import RawName
from pipeline.registry_cards import explained
from pipeline.registry_review import Review

SMITHS = {
    "a": "[John Smith|PERSON] spoke. [Ann Lee|PERSON] listened.",
    "b": "[John Smith|PERSON] sold the house. [Ann Lee|PERSON] bought it.",
    "c": "[Jane Smith|PERSON] lives in [Boston|GPE].",
    "e": "[J. Smith|PERSON] wrote.",
}


@pytest.fixture
def people(store_case: StoreCase) -> Deciding:
    return Deciding(store_case)


def test_what_people_merge_is_one_and_undone_is_as_before(people: Deciding) -> None:
    people.publish(**SMITHS)
    before = people.state()
    assert frozenset({"Ann Lee"}) in people.partition()

    outcome = people.desk.merge(["Ann Lee", "Jane Smith"], "ann", "she married")

    assert frozenset({"Ann Lee", "Jane Smith"}) in people.partition()
    [entity] = {row.id for group in outcome.groups for row in group}
    assert (outcome.applied, outcome.decision.number) == (True, 1)
    ends = f"are one now: Ann Lee ({entity[:8]}), 3 mentions in 3 documents"
    assert outcome.text.endswith(ends)
    undone = people.desk.undo(None, "bob")
    assert people.state() == before
    assert undone.text.startswith("decision 1 does not count any more: now there is ")
    again = people.desk.undo(2, "bob")
    assert again.text.startswith("decision 2 does not count any more; so decision 1 does again")
    assert frozenset({"Ann Lee", "Jane Smith"}) in people.partition()
    assert [row["state"] for row in people.desk.listed()] == ["counts", "undone", "counts"]


def test_who_undoes_what_others_say_too_is_told(people: Deciding) -> None:
    people.publish(**SMITHS, more="[Zoe Park|PERSON] and [Max Roe|PERSON] sang.")
    people.desk.merge(["Ann Lee", "Jane Smith"], "ann")
    people.desk.merge(["Ann Lee", "Zoe Park"], "ann")

    first = people.desk.undo(1, "bob")

    assert frozenset({"Ann Lee", "Jane Smith", "Zoe Park"}) in people.partition()
    assert first.text.startswith("decision 1 does not count any more; decision 2 still says so: ")
    last = people.desk.undo(2, "bob")
    assert last.text.startswith("decision 2 does not count any more: now there is ")
    assert frozenset({"Ann Lee"}) in people.partition()
    people.desk.never("Ann Lee", "Max Roe", "ann")
    people.desk.never("Ann Lee", "Max Roe", "bob")
    assert "; decision 6 still says so: " in people.desk.undo(5, "bob").text


def test_what_a_newer_decision_overrides_says_nothing_any_more(people: Deciding) -> None:
    people.publish(**SMITHS)
    people.desk.merge(["Ann Lee", "Jane Smith"], "ann")
    people.desk.undo(1, "ann")
    people.desk.merge(["Ann Lee", "Jane Smith"], "bob")
    people.desk.undo(2, "ann")
    people.desk.split_names("Ann Lee", ["Jane Smith"], "ann")

    outcome = people.desk.undo(1, "ann")

    states = {row["number"]: row["state"] for row in people.desk.listed()}
    assert (states[3], states[5]) == ("overridden", "counts")
    assert outcome.text.startswith("decision 1 does not count any more: now there is ")


def test_who_undoes_what_others_say_only_together_is_told(people: Deciding) -> None:
    people.publish(**SMITHS, more="[Zoe Park|PERSON] and [Max Roe|PERSON] sang.")
    pairs = [("Ann Lee", "Jane Smith"), ("Ann Lee", "Zoe Park"), ("Zoe Park", "Max Roe"),
             ("Max Roe", "Jane Smith")]  # fmt: skip
    for pair in pairs:
        people.desk.merge(pair, "ann")
        people.desk.undo(None, "ann")
    for number in (2, 4, 6, 8):
        people.desk.undo(number, "ann")

    outcome = people.desk.undo(1, "bob")

    together = frozenset({"Ann Lee", "Jane Smith", "Zoe Park", "Max Roe"})
    assert together in people.partition()
    said = "decision 1 does not count any more; decisions 3, 5 and 7 together say so: "
    assert outcome.text.startswith(said)


def test_names_that_others_keep_apart_only_together_are_told(people: Deciding) -> None:
    people.publish(**SMITHS, more="[Zoe Park|PERSON] and [Max Roe|PERSON] sang.")
    people.desk.never("Zoe Park", "Max Roe", "ann")
    people.desk.never("Ann Lee", "Max Roe", "ann")
    people.desk.merge(["Ann Lee", "Zoe Park"], "ann")

    assert "; decisions 1 and 3 together say so: " in people.desk.undo(2, "bob").text


def test_names_without_words_of_their_own_are_listed_as_the_texts_write_them(
    people: Deciding,
) -> None:
    """Words that a mark belongs to lead to the name without it: no decision binds them to it."""
    people.publish(
        a="[Donald Trump|PERSON] and [Donald Trump Jr.|PERSON] said so.",
        b="[Ann Lee|PERSON] met [Donald Trump Jr.|PERSON] again.",
    )
    people.desk.merge(["Donald Trump", "Donald Trump Jr."], "ann")
    assert people.desk.listed()[0]["names"] == [["Donald Trump"], ["Donald Trump Jr."]]
    whole = people.desk.entity("Donald Trump")
    card = explained(people.desk, whole.id, 20)
    assert [one["names"] for one in card["decisions"]] == [[["Donald Trump"], ["Donald Trump Jr."]]]
    people.desk.undo(None, "ann")
    jr = people.desk.entity("Donald Trump Jr.")
    names = {name.normal: name.id for name in people.desk.registry.nodes(jr.id, 10)}

    outcome = people.desk.split_names(jr.id, [names["donald trump jr, of two"]], "ann")

    told = "Donald Trump Jr. (one of two)"
    assert outcome.text.startswith(f"{told} left Donald Trump Jr. (")
    assert people.desk.listed()[0]["names"] == [[told], ["Donald Trump Jr."]]
    people.case.forgetting.forget([people.case.uri("a.txt")])
    people.settle()
    assert people.desk.listed()[0]["names"][0] == ["donald trump jr"]


def test_two_people_of_one_name_are_told_apart_by_document(people: Deciding) -> None:
    people.publish(**SMITHS)
    before, whole = people.state(), people.partition()

    outcome = people.desk.split_documents("John Smith", ["b.txt"], "ann", "the other one")

    assert frozenset({"John Smith"}) in people.partition()
    assert frozenset({"John Smith in corpus/b.txt"}) in people.partition()
    name = people.bind(RawName("PERSON", "John Smith"))
    assert [row.id for row in outcome.groups[1]] == [node_id(name, 1)]
    assert "in corpus/b.txt John Smith is another now: John Smith" in outcome.text
    both = people.desk.reader.find_entities("John Smith")
    assert {row.id for row in both} == {name, node_id(name, 1)}
    with pytest.raises(AmbiguousError):
        people.desk.never("John Smith", "Ann Lee", "ann")
    assert people.desk.entity(name).id == name, "an entity's own id comes before a name's"
    people.desk.undo(1, "ann")
    assert (people.state(), people.partition()) == (before, whole)
    assert people.desk.entity(node_id(name, 1)).id == name, "what it was leads to what it is"


def test_a_namesake_can_be_merged_split_again_and_forgotten(people: Deciding) -> None:
    people.publish(**SMITHS, d="[John Smith|PERSON] sat down. [John Q. Smith|PERSON] did not.")
    people.desk.split_documents("John Smith", ["b.txt"], "ann")
    name = people.bind(RawName("PERSON", "John Smith"))
    other = node_id(name, 1)
    people.desk.merge([other, "Jane Smith"], "ann")
    assert frozenset({"John Smith in corpus/b.txt", "Jane Smith"}) in people.partition()

    people.desk.split_documents("Jane Smith", ["b.txt"], "ann", "a third")

    assert frozenset({"Jane Smith"}) in people.partition()
    assert frozenset({"John Smith in corpus/b.txt"}) in people.partition()
    assert people.rebuilt()[0][name, 3] == node_id(name, 3)
    people.desk.undo(3, "ann")
    people.case.forgetting.forget([people.case.uri("b.txt")])
    people.settle()
    assert frozenset({"Jane Smith"}) in people.partition()
    people.publish(b=SMITHS["b"])
    assert frozenset({"John Smith in corpus/b.txt", "Jane Smith"}) in people.partition()


def test_names_leave_together_and_stay_away(people: Deciding) -> None:
    people.publish(
        a="[William Adams|PERSON] sat. [Bill Adams|PERSON] too.",
        b="[William Adams|PERSON] left.",
        d="[W. Adams|PERSON] stood.",
    )
    whole = frozenset({"William Adams", "Bill Adams", "W. Adams"})
    assert people.partition() == {whole}
    before = people.state()

    outcome = people.desk.split_names("William Adams", ["bill  ADAMS", "W. Adams"], "ann")

    assert people.partition() == {frozenset({"William Adams"}), whole - {"William Adams"}}
    assert "Bill Adams" in outcome.text
    people.publish(c="[Bill Adams|PERSON] came with [William Adams|PERSON].")
    assert people.partition() == {frozenset({"William Adams"}), whole - {"William Adams"}}
    people.case.forgetting.forget([people.case.uri("c.txt")])
    people.settle()
    people.desk.undo(None, "ann")
    assert people.state() == before


def test_never_holds_against_the_best_comparison_and_the_last_word_counts(
    people: Deciding,
) -> None:
    people.publish(a="[John Smith|PERSON] sat.", b="[Jon Smith|PERSON] stood.")
    people.publish(c="[Bob Jones|PERSON] and [Robert Jones|PERSON] ran.")
    apart = {frozenset({"John Smith"}), frozenset({"Jon Smith"})}
    people.desk.merge(["John Smith", "Jon Smith"], "ann") if apart <= people.partition() else None
    assert frozenset({"John Smith", "Jon Smith"}) in people.partition()
    people.desk.split_names("John Smith", ["Jon Smith"], "bob", "brothers")
    assert apart <= people.partition()

    people.desk.never("John Smith", "Jon Smith", "bob")

    assert apart <= people.partition()
    people.desk.merge(["John Smith", "Jon Smith"], "ann", "no, one")
    assert frozenset({"John Smith", "Jon Smith"}) in people.partition()
    states = {row["number"]: row["state"] for row in people.desk.listed()}
    last = max(states)
    assert (states[last], states[last - 1], states[last - 2]) == (
        "counts", "overridden", "overridden"
    )  # fmt: skip


def test_a_decision_may_count_in_part(people: Deciding) -> None:
    people.publish(**SMITHS)
    people.desk.merge(["Ann Lee", "Jane Smith", "Boston"], "ann")

    people.desk.split_names("Ann Lee", ["Boston"], "ann")

    assert frozenset({"Ann Lee", "Jane Smith"}) in people.partition()
    assert [row["state"] for row in people.desk.listed()] == ["counts", "partly overridden"]


def test_decisions_outlive_names_that_go_and_come_again(people: Deciding) -> None:
    people.publish(**SMITHS)
    people.desk.merge(["Ann Lee", "Jane Smith"], "ann")
    people.desk.split_documents("John Smith", ["b.txt"], "ann")
    decided = people.partition()
    uris = [people.case.uri(f"{name}.txt") for name in SMITHS]
    people.case.forgetting.forget(uris)
    people.settle()
    assert people.partition() == set()
    assert {row["state"] for row in people.desk.listed()} == {"names not there"}

    people.publish(**SMITHS)

    assert people.partition() == decided
    assert {row["state"] for row in people.desk.listed()} == {"counts"}


def test_decisions_survive_a_rebuild_and_another_normaliser(people: Deciding) -> None:
    """Names that a new version writes differently have other ids; the words in the texts do not."""
    people.publish(**SMITHS)
    people.desk.merge(["Ann Lee", "Jane Smith"], "ann")
    people.desk.split_documents("John Smith", ["b.txt"], "ann")
    people.desk.never("J. Smith", "Boston", "ann")
    decided, entities = people.partition(), people.rebuilt()[0]
    newer = Deciding(people.case, "2", lambda _type, normal: normal.replace(" ", "_"))
    newer.settle()
    assert newer.partition() == decided, "before its names are there"
    people.case.forgetting.forget([people.case.uri(f"{name}.txt") for name in SMITHS])

    newer.publish(**SMITHS)

    assert newer.partition() == decided
    assert not {name for name, *_ in newer.state()[0]} & {name for name, _ in entities}
    assert {row["state"] for row in newer.desk.listed()} == {"counts"}
    newer.desk.undo(2, "bob")
    newer.desk.undo(1, "bob")
    assert frozenset({"John Smith"}) in newer.partition()
    assert frozenset({"Ann Lee"}) in newer.partition()


def test_a_name_of_one_document_is_decided_on_with_its_document(people: Deciding) -> None:
    """A bare surname, also one that is told from another by its form of address: no words of a text
    lead to it.
    """
    people.publish(
        a="Mr. [Sterling|PERSON] sued Ms. [Sterling|PERSON]. Ms. [Sterling|PERSON] won.",
        b="[Sterling|PERSON] was not there. [Roger Sterling|PERSON] wrote.",
        c="[Sterling|PERSON] came.",
        d="[Roger Sterling|PERSON] wrote again.",
    )
    normals = {row[0]: row[1] for row in people.case.rows("SELECT normal, id::text FROM names")}
    roger = people.desk.entity("Roger Sterling")
    before = people.state()
    addressed = [normal for normal in normals if normal.endswith(" sterling")]
    assert len(addressed) == 3, normals
    hers = next(normals[normal] for normal in addressed if normal.split()[0] not in {"roger", "mr"})

    people.desk.merge([roger.id, hers], "ann")

    stored = {row[0]: row[2] for row in people.state()[0]}
    assert stored[hers] == stored[roger.id] == min(hers, roger.id)
    assert normals["sterling"] not in stored
    people.desk.undo(None, "ann")
    assert people.state() == before


def test_what_cannot_be_decided_is_said_and_keeps_nothing(people: Deciding) -> None:
    people.publish(**SMITHS)
    desk = people.desk
    for attempt, words in (
        (lambda: desk.merge(["Ann Lee"], "x"), "two entities or more"),
        (lambda: desk.merge(["Ann Lee", "ann lee"], "x"), "are one entity already"),
        (lambda: desk.never("Ann Lee", str(uuid.uuid4()), "x"), "no entity is called"),
        (lambda: desk.merge(["Ann Lee", "Nobody Atall"], "x"), "no entity is called 'Nobody"),
        (lambda: desk.split_names("Ann Lee", ["Ann Lee"], "x"), "no other names"),
        (lambda: desk.split_names("Ann Lee", ["Bob"], "x"), "'Bob' is no name of Ann Lee"),
        (lambda: desk.split_documents("Jane Smith", ["a.txt"], "x"), "not named in corpus/a.txt"),
        (lambda: desk.split_documents("Jane Smith", ["c.txt"], "x"), "named nowhere else"),
        (lambda: desk.split_documents("Ann Lee", ["z.txt"], "x"), "no document with results"),
        (lambda: desk.undo(None, "x"), "no decision to undo"),
        (lambda: desk.undo(7, "x"), "no decision 7"),
    ):
        with pytest.raises(UsageError, match=words):
            attempt()
    assert desk.listed() == []


def test_an_entity_says_why(people: Deciding) -> None:
    people.publish(
        a="[John Smith|PERSON] sat. [Smith|PERSON] stood.",
        b="[SMITH, John|PERSON] left. [Jane Smith|PERSON] came.",
        c="[J. Smith|PERSON] wrote to [Ann Lee|PERSON] and [Anna Leigh|PERSON].",
    )
    people.desk.merge(["Ann Lee", "Anna Leigh"], "ann", "one letter")
    people.desk.never("John Smith", "Jane Smith", "bob", "married")

    card = explained(people.desk, people.desk.entity("John Smith").id, 20)

    assert [name["mentions"] for name in card["names"]] == [3]
    near = {miss["name"]: miss for miss in card["near_misses"]}
    assert near["J. Smith"]["why"] == "ambiguous"
    assert near["J. Smith"]["reasons"][0]["words"] != near["J. Smith"]["reasons"][0]["rule"]
    assert [(one["kind"], one["who"], one["why"]) for one in card["decisions"]] == [
        ("never", "bob", "married")
    ]
    lee = explained(people.desk, people.desk.entity("Ann Lee").id, 20)
    assert [name["text"] for name in lee["names"]] == ["Ann Lee", "Anna Leigh"]
    for name in lee["names"]:
        assert any(one.get("decision", {}).get("who") == "ann" for one in name["joined"])
        assert [place["source"] for place in name["places"]] == ["corpus/c.txt"]
    bounded = explained(people.desk, people.desk.entity("Ann Lee").id, 1)
    assert (len(bounded["names"]), bounded["name_count"]) == (1, 2)


def test_review_asks_what_nobody_decided_the_most_useful_first(people: Deciding) -> None:
    people.publish(
        a="[John Smith|PERSON] sat. [Maria Moreno Diaz|PERSON] stood.",
        b="[John Smith|PERSON] left. [Jane Smith|PERSON] came.",
        c="[J. Smith|PERSON] wrote. [Maria Moreno|PERSON] answered.",
        d="[J. Smith|PERSON] wrote again.",
    )
    review = Review(people.desk, Sentences())

    cards = list(review.cards(50))

    ends = [{card["one"]["name"], card["other"]["name"]} for card in cards]
    assert {"John Smith", "J. Smith"} in ends
    assert {"Jane Smith", "J. Smith"} in ends
    first = next(card for card in cards if {"John Smith", "J. Smith"} ==
                 {card["one"]["name"], card["other"]["name"]})  # fmt: skip
    assert ends.index({"John Smith", "J. Smith"}) < ends.index({"Jane Smith", "J. Smith"})
    assert [row["name"] for row in first["also"]] == ["Jane Smith"]
    for side in (first["one"], first["other"]):
        start, end = side["quote"]["at"]
        assert side["quote"]["sentence"][start:end] == side["written"]
        assert side["quote"]["sentence"].count(".") in {1, 2}, "one sentence"
    people.desk.never("J. Smith", "John Smith", "ann")
    left = [{card["one"]["name"], card["other"]["name"]} for card in review.cards(50)]
    assert {"John Smith", "J. Smith"} not in left
    people.desk.undo(None, "ann")
    assert list(review.cards(50)) == cards
    assert len(list(review.cards(1))) == 1


def test_review_asks_whether_one_number_before_two_judges_is_one_case(people: Deciding) -> None:
    people.publish(
        a="In [2:19-cv-01234-JAM-EFB|DOCKET] he won.",
        b="In [2:19-cv-01234-CBM-PLA|DOCKET] she lost.",
        c="In [2:19-cv-01234|DOCKET] they met.",
    )

    cards = list(Review(people.desk, Sentences()).cards(50))

    assert len(people.partition()) == 3
    ends = [{card["one"]["name"], card["other"]["name"]} for card in cards]
    assert {"2:19-cv-01234-JAM-EFB", "2:19-cv-01234-CBM-PLA"} in ends


CROWDED = {
    "a": "[John Smith|PERSON] spoke. [Ann Lee|PERSON] listened. [Acme Inc.|ORG] paid.",
    "b": "[John Smith|PERSON] sold. [William Adams|PERSON] bought. [Acme|ORG] fell.",
    "c": "[Jane Smith|PERSON] lives in [Boston|GPE]. [Bill Adams|PERSON] does not.",
    "d": "[J. Smith|PERSON] wrote. [Acme Holdings Ltd|ORG] answered.",
}
WHO = ("John Smith", "Jane Smith", "J. Smith", "Ann Lee", "William Adams", "Bill Adams", "Acme",
       "Acme Inc.", "Acme Holdings Ltd")  # fmt: skip
pairs = st.lists(st.sampled_from(WHO), min_size=2, max_size=2, unique=True).map(tuple)
steps = st.one_of(
    st.tuples(st.sampled_from(("merge", "merge", "never")), pairs),
    st.tuples(
        st.just("split"),
        st.one_of(pairs, st.sampled_from([("William Adams", "Bill Adams"), ("Acme", "Acme Inc.")])),
    ),
    st.tuples(
        st.just("document"),
        st.sampled_from([("John Smith", "a"), ("John Smith", "b"), ("Acme", "b"), ("Ann Lee", "a"),
                         ("Jane Smith", "c"), ("Bill Adams", "c"), ("J. Smith", "d")]),
    ),
)  # fmt: skip


@given(st.lists(steps, min_size=2, max_size=6), st.randoms(use_true_random=False))
@settings(
    max_examples=law.max_examples // 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_decided_and_in_whatever_order_undone(store_case: StoreCase, taken, at) -> None:
    """Each state is that of a rebuild, and that of the decisions that are left; in the end nothing
    is left of them.
    """
    emptied(store_case.engine)
    store_case.project = store_case.ledger.open_project(store_case.name, store_case.plan).id
    people = Deciding(store_case)
    people.publish(**CROWDED)
    before, made = people.state(), []
    for kind, (one, other) in taken:
        with suppress(UsageError):  # one entity already, two of one name, not named there
            made.append(_decide(people, kind, one, other).decision.number)
        assert _stored(people) == people.rebuilt()
    at.shuffle(made)
    for number in made:
        people.desk.undo(number, "x")
        assert _stored(people) == people.rebuilt()
    assert people.state() == before


def _decide(people: Deciding, kind: str, one: str, other: str):
    if kind == "merge":
        return people.desk.merge([one, other], "x")
    if kind == "never":
        return people.desk.never(one, other, "x")
    if kind == "split":
        return people.desk.split_names(one, [other], "x")
    return people.desk.split_documents(one, [f"{other}.txt"], "x")


def _stored(people: Deciding) -> tuple[dict, set]:
    """Give what is stored as a rebuild gives it: a name without a row is its own entity."""
    entities = {(row[0], 0): row[0] for row in people.case.rows("SELECT id::text FROM names")}
    entities |= {(row[0], row[1]): row[2] for row in people.state()[0]}
    return entities, {(row[0], row[1], row[3]) for row in people.state()[1]}
