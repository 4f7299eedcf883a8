"""Numbers of cases in documents of one project: which are one case, from the texts to entities."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from registry_case import Incremental, name, partition, rebuilt, registry
from resolution_case import STAGE, extracted

from pipeline.documents import MentionType, Names
from pipeline.registry.misses import Why

T = MentionType


def cases(*written: str) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """Give what is one case, and the pairs that are left to people, in whatever order they come."""
    names = [name("DOCKET", words) for words in written]
    words = {one.id: said for one, said in zip(names, written, strict=True)}
    whole = rebuilt(registry(names), names)
    for order in permutations(names):
        growing = Incremental(50)
        for one in order:
            growing.apply([one])
        assert (growing.entities, growing.misses) == whole
    entities, misses = whole
    return set(partition(entities, words)), {
        frozenset((words[one], words[other])) for one, other, why in misses if why == Why.UNSURE
    }


def test_one_judge_makes_a_case_without_its_office_one_with_it() -> None:
    one, pairs = cases("19 Civ. 5642 (JSR)", "1:19-cv-05642-JSR", "1:19-cv-05642")
    assert one == {frozenset({"19 Civ. 5642 (JSR)", "1:19-cv-05642-JSR", "1:19-cv-05642"})}
    assert not pairs


def test_without_a_judge_it_is_for_people_to_say() -> None:
    one, pairs = cases("19 Civ. 5642", "1:19-cv-05642-JSR", "3:19-cv-05642")
    assert len(one) == 3
    assert pairs == {
        frozenset({"19 Civ. 5642", "1:19-cv-05642-JSR"}),
        frozenset({"19 Civ. 5642", "3:19-cv-05642"}),
    }


def test_a_number_that_two_courts_have_is_neither_of_them() -> None:
    one, _ = cases("1:19-cv-05642 (N.D. Ill.)", "1:19-cv-05642 (S.D.N.Y.)", "1:19-cv-05642")
    assert len(one) == 3


def test_the_judge_says_which_of_two_courts_it_is() -> None:
    one, _ = cases("1:19-cv-05642-JSR (S.D.N.Y.)", "1:19-cv-05642 (N.D. Ill.)", "1:19-cv-05642-JSR")
    assert frozenset({"1:19-cv-05642-JSR (S.D.N.Y.)", "1:19-cv-05642-JSR"}) in one


def test_a_judge_may_have_cases_of_one_number_in_two_offices() -> None:
    one, _ = cases("19 Civ. 5642 (JSR)", "1:19-cv-05642-JSR", "7:19-cv-05642-JSR")
    assert len(one) == 3


@pytest.mark.parametrize(
    "different",
    [
        ("2:19-cv-01234-JAM-EFB", "2:19-cv-01234-CBM-PLA"),
        ("1:19-cv-05642 (JSR)", "1:19-cv-05642-LAP", "1:19-cv-05642 (D. Mass. 2019)"),
        ("1:19-cv-05642 (SDNY)", "1:19-cv-05642-TSE"),
        ("2:19-cv-01234-JAM", "2:19-cv-01234 (D.N.J.)"),
    ],
)
def test_one_office_makes_no_one_case_of_two_that_say_whose_they_are(
    different: tuple[str, ...],
) -> None:
    """Every district counts its own 1: and 2:, and people know whether a judge took it over."""
    one, pairs = cases(*different)
    assert one == {frozenset({words}) for words in different}
    assert pairs == {frozenset(pair) for pair in combinations(different, 2)}


def test_the_bare_number_of_an_office_is_that_of_the_only_case_there_is() -> None:
    for full in ("2:19-cv-01234-JAM", "2:19-cv-01234 (E.D. Cal.)"):
        assert cases("2:19-cv-01234", full) == ({frozenset({"2:19-cv-01234", full})}, set())


def test_the_bare_number_of_an_office_is_neither_of_two_cases() -> None:
    two = ("2:19-cv-01234-JAM-EFB", "2:19-cv-01234-CBM-PLA")
    one, pairs = cases("2:19-cv-01234", *two)
    assert len(one) == 3
    assert pairs == {frozenset(two)}


def test_one_court_or_what_says_both_judges_makes_one_case() -> None:
    for written in (
        ("1:19-cv-05642-JSR (S.D.N.Y.)", "1:19-cv-05642-LAP (SDNY)"),
        ("1:19-cv-05642-JSR", "1:19-cv-05642-LAP", "1:19-cv-05642-JSR-LAP"),
        ("1:19-cv-05642-JSR", "1:19-cv-05642 (S.D.N.Y.)", "1:19-cv-05642-JSR (S.D.N.Y.)"),
    ):
        assert cases(*written)[0] == {frozenset(written)}


def test_a_bankruptcy_is_no_appeal_of_its_number() -> None:
    one, pairs = cases("18-10509-KG", "No. 18-10509", "18-10509 (5th Cir.)")
    assert len(one) == 3
    assert frozenset({"18-10509-KG", "No. 18-10509"}) in pairs


@pytest.mark.parametrize(
    ("dockets", "meant"),
    [
        (("1:19-cv-05642-JSR", "19 Civ. 5642"), ["1:19-CV-05642-JSR"]),
        (("19 Civ. 5642", "19 Civ. 5642 (JSR)", "1:19-cv-05642-JSR"), ["1:19-CV-05642-JSR"]),
        (("1:19-cv-05642", "19-cv-5642 (JSR)"), ["1:19-CV-05642", "19-CV-05642-JSR"]),
        (("1:19-cv-05642", "3:19-cv-05642", "19-cv-5642"),
         ["19-CV-05642", "1:19-CV-05642", "3:19-CV-05642"]),
        (("18-10509-KG", "18-10509"), ["18-10509-KG"]),
        (("19-cv-5642 (S.D.N.Y.)", "19-cv-5642", "19-cr-5642"),
         ["19-CR-05642", "19-CV-05642 (S.D.N.Y.)"]),
    ],
)  # fmt: skip
def test_the_bare_number_is_that_of_the_case_which_the_document_gives_in_full(
    dockets: tuple[str, ...], meant: list[str]
) -> None:
    text = "; ".join(f"see {words}, above" for words in dockets)
    (names,) = STAGE([extracted(text, *((words, T.DOCKET) for words in dockets))])
    assert isinstance(names, Names)
    assert sorted(one.normal for one in names.names) == sorted(meant)
    assert {link.via for link in names.links} <= {None, "short"}
