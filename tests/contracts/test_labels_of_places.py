"""A place with its state or country behind it in the text is called, listed and found by both."""

from __future__ import annotations

import pytest
from deciding_case import Deciding
from store_case import StoreCase

from pipeline.decision_desk import AmbiguousError
from pipeline.engines.letters import plain
from pipeline.engines.place_names import usual_place
from pipeline.engines.sentences import Sentences
from pipeline.engines.territories import territories
from pipeline.registry_cards import explained
from pipeline.registry_review import Review
from pipeline.stores.live_rows import StoredLiveState
from pipeline.stores.views import THE_CAPITAL

OREGON = "He lives in [Portland|GPE], [Oregon|GPE]. [Portland|GPE] is wet."
MAINE = "She was born in [Portland|GPE], [Me.|GPE]"


@pytest.fixture
def places(store_case: StoreCase) -> Deciding:
    return Deciding(store_case)


def labels(places: Deciding) -> list[str]:
    return sorted(row.name for row in places.desk.reader.entities(types=None))


def test_two_towns_of_one_name_are_called_by_where_they_lie(places: Deciding) -> None:
    places.publish(oregon=OREGON, maine=MAINE)
    reader = places.desk.reader

    assert labels(places) == ["Me.", "Oregon", "Portland, Maine", "Portland, Oregon"]
    assert {name for _, type_, name, *_ in reader.export_entities()} == set(labels(places))
    [oregon] = reader.find_entities("portland,  oregon")
    assert reader.entities_by_id([oregon.id])[oregon.id].name == "Portland, Oregon"
    assert [row.name for row in reader.entities(match="portland, m")] == ["Portland, Maine"]
    live = StoredLiveState(places.case.engine, places.case.project).canonicals([oregon.id])
    assert (live[oregon.id].name, live[oregon.id].others) == ("Portland, Oregon", ("Portland",))
    [name] = explained(places.desk, oregon.id, limit=9)["names"]
    assert name["text"] == "Portland, Oregon"


def test_the_words_of_the_text_stay_its_own(places: Deciding) -> None:
    places.publish(maine=MAINE)
    reader = places.desk.reader
    [maine] = reader.find_entities("Portland, Maine")

    assert [mention.text for mention in reader.mentions(maine.id)] == ["Portland"]
    assert "Portland" in {row[4] for row in reader.export_mentions()}
    assert [row.text for row in reader.aliases(maine.id)] == ["Portland, Maine"]
    recent = StoredLiveState(places.case.engine, places.case.project).recent()
    assert {one.text for one in recent} == {"Portland", "Me."}


def test_asked_for_by_the_town_alone_both_are_named(places: Deciding) -> None:
    places.publish(oregon=OREGON, maine=MAINE)

    with pytest.raises(AmbiguousError) as asked:
        places.desk.entity("Portland")

    assert {row.name for row in asked.value.candidates} == {"Portland, Maine", "Portland, Oregon"}


def test_a_bare_name_that_fits_two_is_shown_beside_them(places: Deciding) -> None:
    places.publish(oregon=OREGON, maine=MAINE, bare="[Portland|GPE] burnt.")

    cards = Review(places.desk, Sentences()).cards(9)

    written = {(card["one"]["written"], card["other"]["written"]) for card in cards}
    assert {name for pair in written for name in pair} == {
        "Portland", "Portland, Maine", "Portland, Oregon"
    }  # fmt: skip
    assert labels(places)[2:] == ["Portland", "Portland, Maine", "Portland, Oregon"]


def test_a_town_that_most_texts_call_by_its_name_alone_is_called_so(places: Deciding) -> None:
    places.publish(
        a="In [Seattle|GPE], [Washington|GPE], it rained.",
        b="[Seattle|GPE] is wet. [Seattle|GPE] is green.",
    )

    assert labels(places) == ["Seattle", "Washington State"]
    assert places.desk.entity("Seattle, Washington") == places.desk.entity("Seattle")


def test_people_can_part_a_town_from_its_bare_name(places: Deciding) -> None:
    places.publish(oregon=OREGON, bare="[Portland|GPE] burnt.")
    town = places.desk.entity("Portland")
    assert places.desk.entity("Portland, Oregon") == town

    places.desk.split_names(town.id, ["Portland"], "ann")

    assert labels(places) == ["Oregon", "Portland", "Portland, Oregon"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("[Bogotá|GPE], [Colombia|GPE]", "Bogotá, Colombia"),
        ("[Port of\nSpain|GPE], [Trinidad and Tobago|GPE]", "Port of Spain, Trinidad and Tobago"),
        ("[Austin, TX|GPE]", "Austin, TX"),
        ("[D.C.|GPE]", "D.C."),
        ("[Boston|GPE]", "Boston"),
    ],
)
def test_a_label_has_the_words_of_the_text_ahead(places: Deciding, text: str, label: str) -> None:
    places.publish(a=f"In {text} it rained.")

    assert label in labels(places)


def test_no_other_place_has_a_comma_that_its_text_lacks() -> None:
    names = {
        plain(name)
        for row in territories()
        for name in (row["name"], row.get("full_name", ""), *row.get("names_strong", ()))
        if "," not in name
    }

    assert {usual for usual in map(usual_place, {*names, "dc"}) if "," in usual} == {THE_CAPITAL}
