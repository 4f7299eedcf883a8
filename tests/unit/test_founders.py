"""A surname by which a company of the document is called too: what stands around it tells."""

from __future__ import annotations

import pytest
from resolution_case import resolved

from pipeline.documents import MentionType as T

PERSON, COMPANY, ALONE = "michael dell", "dell inc", "dell"
INTRODUCTION = "Michael Dell founded Dell Inc. in Austin. "
INTRODUCED = (("Michael Dell", T.PERSON), ("Dell Inc.", T.ORG))


@pytest.mark.parametrize(
    ("sentence", "meant"),
    [
        ("Mr. Dell left.", PERSON),
        ("Judge Dell left.", PERSON),
        ("Dell, who is 51, left.", PERSON),
        ("Dell was born in Houston.", PERSON),
        ("Dell’s wife was there.", PERSON),
        ("Shares of Dell fell.", COMPANY),
        ("Dell now employs many.", COMPANY),
        ("Dell's headquarters are large.", COMPANY),
        ("Dell reported a profit.", COMPANY),
        ("She joined Dell early.", COMPANY),
        ("Dell won.", ALONE),
        ("Dell said so.", ALONE),
    ],
)
@pytest.mark.parametrize("more", [(), (" Mr. Dell won.", " Dell testified.")])
def test_what_stands_around_a_shared_surname_tells(
    sentence: str, meant: str, more: tuple[str, ...]
) -> None:
    mentions = [*INTRODUCED, *[("Dell", T.PERSON)] * (1 + len(more))]
    text = INTRODUCTION + sentence + "".join(more)
    names = [normal for normal, _ in resolved(text, *mentions)]
    assert names == [PERSON, COMPANY, meant, *[PERSON] * len(more)]


def test_a_mention_that_is_read_as_an_organisation_is_the_company() -> None:
    mentions = [*INTRODUCED, ("Dell", T.ORG), ("Dell", T.PERSON)]
    names = resolved(f"{INTRODUCTION}Dell won. Mr. Dell won.", *mentions)
    assert names[2:] == [(COMPANY, "short"), (PERSON, "surname")]


def test_the_company_of_two_that_are_called_so_is_neither() -> None:
    mentions = [*INTRODUCED, ("Dell Tools Inc.", T.ORG), ("Dell", T.PERSON)]
    names = resolved(f"{INTRODUCTION}Dell Tools Inc. lost. Shares of Dell fell.", *mentions)
    assert names[3] == ("dell", None)


def test_a_body_without_a_legal_form_takes_no_surname() -> None:
    mentions = [("Michael Dell", T.PERSON), ("Dell Foundation", T.ORG), ("Dell", T.PERSON)]
    names = resolved("Michael Dell gave to the Dell Foundation. Dell won.", *mentions)
    assert names[2] == (PERSON, "surname")
