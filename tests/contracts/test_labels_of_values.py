"""A section is called by the full form that a lawyer cites, however a list has it; a case's number
by what says which court's it is.
"""

from __future__ import annotations

import pytest
from deciding_case import Deciding
from store_case import StoreCase

from pipeline.stores.live_rows import StoredLiveState

LISTS = {
    "first": "Under [18 U.S.C. §§ 1341|LAW=18 U.S.C. § 1341], [1343|LAW=18 U.S.C. § 1343].",
    "second": "Under [18 U.S.C. §§ 371|LAW=18 U.S.C. § 371] and [1343|LAW=18 U.S.C. § 1343].",
    "whole": "It is wire fraud ([18 USC § 1343|LAW=18 U.S.C. § 1343]).",
}


@pytest.fixture
def values(store_case: StoreCase) -> Deciding:
    return Deciding(store_case)


def labels(values: Deciding) -> list[str]:
    return sorted(row.name for row in values.desk.reader.entities(types=None))


@pytest.mark.parametrize("order", [[*LISTS], [*LISTS][::-1]])
def test_a_section_is_called_in_full(values: Deciding, order: list[str]) -> None:
    for document in order:
        values.publish(**{document: LISTS[document]})

    assert labels(values) == ["18 U.S.C. § 1341", "18 U.S.C. § 1343", "18 U.S.C. § 371"]
    reader = values.desk.reader
    [section] = reader.find_entities("18 U.S.C. § 1343")
    assert reader.find_entities("1343") == reader.find_entities("18 usc § 1343") == [section]
    assert section.mentions == 3
    assert {mention.text for mention in reader.mentions(section.id)} == {"1343", "18 USC § 1343"}
    live = StoredLiveState(values.case.engine, values.case.project).canonicals([section.id])
    assert (live[section.id].name, live[section.id].others) == (section.name, ("18 USC § 1343",))
    assert {name for _, _, name, *_ in reader.export_entities()} == set(labels(values))


@pytest.mark.parametrize(
    ("words", "normal", "label"),
    [
        ("1349", "18 U.S.C. § 1349", "18 U.S.C. § 1349"),
        ("78ff", "15 U.S.C. § 78ff", "15 U.S.C. § 78ff"),
        ("401(k)(1)(A)", "26 U.S.C. § 401(k)(1)(A)", "26 U.S.C. § 401(k)(1)(A)"),
        ("240.10b5-1", "17 C.F.R. § 240.10b5-1", "17 C.F.R. § 240.10b5-1"),
        ("189", "Cal. Penal Code § 189", "Cal. Penal Code § 189"),
        ("§§ 1341", "18 U.S.C. § 1341", "18 U.S.C. § 1341"),
        ("§ 1343", "18 U.S.C. § 1343", "18 U.S.C. § 1343"),
        ("1341-1343", "18 U.S.C. §§ 1341-1343", "18 U.S.C. §§ 1341-1343"),
        ("18 U.S.C. §§ 1341-1343", None, "18 U.S.C. §§ 1341-1343"),
        ("18 U.S.C. §§\n1341", "18 U.S.C. § 1341", "18 U.S.C. § 1341"),
        ("Title 18, United States Code, Sections 1343", "18 U.S.C. § 1343",
         "Title 18, United States Code, Section 1343"),
        ("21 U.S.C. Secs. 841(a)", "21 U.S.C. § 841(a)", "21 U.S.C. Sec. 841(a)"),
        ("Clean Air Act", None, "Clean Air Act"),
        ("Rule 9(b)", None, "Rule 9(b)"),
    ],
)  # fmt: skip
def test_a_label_says_the_code(
    values: Deciding, words: str, normal: str | None, label: str
) -> None:
    values.publish(a=f"Under [{words}|LAW{f'={normal}' if normal else ''}] he was tried.")

    assert labels(values) == [label]


@pytest.mark.parametrize(
    ("words", "normal", "label"),
    [
        ("1:19-cr-00373-PGG-2", None, "1:19-cr-00373-PGG"),
        ("1:19-cr-373", None, "1:19-cr-373"),
        ("1:19-cr-373-12", None, "1:19-cr-373"),
        ("1:19-cv-05642-JSR", None, "1:19-cv-05642-JSR"),
        ("19 Mag. 373-2", None, "19 Mag. 373"),
        ("19 Civ. 5642 (SDNY)", None, "19 Civ. 5642 (SDNY)"),
        ("19-cv-5642 (DNJ)", None, "19-cv-5642 (DNJ)"),
        ("19-cv-5642 (DLR)", "19-cv-5642 (DLR) (D. Ariz.)", "19-cv-5642 (DLR) (D. Ariz.)"),
        ("19-cv-5642", "19-cv-5642 (N.D. Cal.)", "19-cv-5642 (N.D. Cal.)"),
    ],
)
def test_a_label_is_that_of_the_whole_case(
    values: Deciding, words: str, normal: str | None, label: str
) -> None:
    values.publish(a=f"In [{words}|DOCKET{f'={normal}' if normal else ''}] he was tried.")

    assert labels(values) == [label]
