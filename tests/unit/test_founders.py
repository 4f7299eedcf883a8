"""A surname by which a company of the document is called too: what stands around it tells."""

from __future__ import annotations

import pytest
from registry_case import name, partition, rebuilt, registry
from resolution_case import resolved

from pipeline.documents import MentionType as T
from pipeline.name_marks import OF_A_PERSON

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


RIGBY = ("John Rigby", T.PERSON), ("John Rigby LLC", T.ORG)
BOTH = "John Rigby set up John Rigby LLC. "


@pytest.mark.parametrize("more", ["Mr. Rigby left.", "Rigby, who is 51, left.", "Rigby testified."])
def test_a_person_who_is_shown_is_not_the_company_of_that_name(more: str) -> None:
    names = resolved(f"{BOTH}{more}", *RIGBY, ("Rigby", T.PERSON))
    shown = f"john rigby{OF_A_PERSON}"
    assert [normal for normal, _ in names] == [shown, "john rigby llc", shown]


@pytest.mark.parametrize("more", [(), (("Rigby", T.ORG), ("Rigby", T.ORG))])
def test_who_is_addressed_is_a_person_also_if_the_model_took_him_for_a_company(
    more: tuple[tuple[str, T], ...],
) -> None:
    text = f"{BOTH}Mr. Rigby left. {'Rigby won. ' * len(more)}"
    names = [normal for normal, _ in resolved(text, *RIGBY, ("Rigby", T.ORG), *more)]
    shown = f"john rigby{OF_A_PERSON}"
    assert names[:3] == [shown, "john rigby llc", shown]
    assert shown not in names[3:]


@pytest.mark.parametrize("body", ["Mr. Coffee", "Rigby"])
def test_a_company_stays_one_that_is_not_addressed_or_has_nobodys_surname(body: str) -> None:
    [*_, mention] = resolved(f"{BOTH}{body} won.", *RIGBY, (body, T.ORG))
    assert mention == (body.lower().replace(".", ""), None)


@pytest.mark.parametrize("text", [f"{BOTH}Rigby won.", "Mr. John Rigby of Acme LLC. Rigby won."])
def test_a_person_is_marked_only_where_it_is_shown_and_a_company_has_the_name(text: str) -> None:
    company = "John Rigby LLC" if "Rigby LLC" in text else "Acme LLC"
    mentions = [("John Rigby", T.PERSON), (company, T.ORG), ("Rigby", T.PERSON)]
    assert [normal for normal, _ in resolved(text, *mentions)][::2] == ["john rigby"] * 2


def test_the_person_and_the_company_are_two_in_the_project() -> None:
    """With the evidence in one document, what others say of either joins the right one; without
    it, a firm that is taken for a person is one.
    """
    forms = {
        "shown": ("PERSON", f"john rigby{OF_A_PERSON}"),
        "person": ("PERSON", "john rigby"),
        "company": ("ORG", "john rigby llc"),
    }

    def entities(*which: str) -> set[frozenset[str]]:
        names = {name(*forms[one]).id: one for one in which}
        live = [name(*forms[one]) for one in which]
        found, _ = rebuilt(registry(live, bound=50), live)
        return partition(found, names)

    assert entities("person", "company") == {frozenset(("person", "company"))}
    assert entities("shown", "company") == {frozenset(("shown",)), frozenset(("company",))}
    assert entities(*forms) == {frozenset(("shown", "person")), frozenset(("company",))}
