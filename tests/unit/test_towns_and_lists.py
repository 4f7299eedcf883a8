"""Towns with the name of a capital or country, behind which their American state stands; and lists
of capitals, countries and states, which look alike.
"""

from __future__ import annotations

import re

import pytest
from resolution_case import BOOKS, resolved

from pipeline.documents import MentionType
from pipeline.engines.place_names import may_be_country

# The names of a text stand in brackets.
TOWNS = (
    "She was born in [Berlin], [New Hampshire].",
    "In [Berlin], [New Hampshire], the mill closed.",
    "a fire near [Macedonia], [Ohio], that killed two",
    "a fire near [Peru], [Indiana], that killed two",
    "He grew up in [Paris], [Tennessee], but moved to [Dallas] later.",
    "He taught in [Paris], [Illinois], near [Terre Haute].",
    "born in [Cairo], [Illinois]; he died young",
    "She moved from [Mexico], [Missouri], in 1990.",
    "the mayor of [Lima], [Montana], said so",
    "[Cuba], [New York], is a town in [Oneida County].",
    "[Poland], [Ohio], was settled early.",
    "an [Athens], [Texas], jury",
    "a [Cuba], [Illinois], dairy",
    "raised in [Peru], [Indiana], by an aunt",
    "[BERLIN], [N.H.] (AP) The mill closed.",
    "[PARIS], [Maine] (AP) A court ruled.",
    "[MADRID], [Iowa] -- A barn burnt.",
    "[Moscow], [Ind.] has few people",
    "The plant at [Warsaw], [IN] closed.",
    "Write to Box 4, [Vienna], [Maine] 04360, by June.",
    "The shop\n[Dublin], [Texas]\nopened",
    "[Delhi], [N.Y.], has a fort.",
    "[Mexico], [Missouri]",
    "from [Pullman], [Washington], to [Berlin], [Maryland], by train",
    "between [Barre], [Vermont], and [Berlin], [New Hampshire]",
    "in [Norway], [Maine], and [Conway], [New Hampshire]",
    "through [Lebanon], [Kansas], [United States]",
)
LISTS = (
    "offices in [Berlin], [Texas] and [Ohio]",
    "offices in [Berlin], [Texas], and [Ohio].",
    "in [Mexico], [California], [Arizona] and [Texas].",
    "in [Tokyo], [Berlin], [Texas], where it sells",
    "from [Madrid] and [Paris], [Ohio].",
    "in [Mexico], [Texas], [Canada], [Alaska] and [Cuba]",
    "In [Macedonia], [Ohio] Governor DeWine met the mayor.",
    "In [Berlin], [Texas] Governor Abbott met the mayor.",
    "After talks in [Mexico], [Texas] officials left.",
    "plants in [Mexico], [Texas], and the rest of the South",
    "plants in [Mexico], [Texas], and other states",
    "sold in [Canada], [Maine], etc.",
    "shown in [Paris], [Nevada], then [Ohio]",
    "shown in [London], [Nevada], and later even [Utah].",
    "It reached [Brazil], [Florida]",
    "flights to [London], [LA] next",
    "[Berlin], [Texas] or [Ohio]",
    "He has seen [Cuba], [Florida].",
    "he knows [Peru], [Indiana] he does not",
    "in [Canada], [Alaska], [Siberia] and [Norway]",
    "in [Berlin], [Texas]'s governor spoke",
    "In [India], [Iowa] corn is sold.",
    "Risks in [Berlin], [Texas], and future sites",
    "rows with places in [India], [California], and literally nowhere",
    "found in [Canada], [Alaska] (US), [Greenland] and [Norway].",
    "now in [Japan], [California] and [Norway].",
    "rates in [Japan], [California] (where it is highest), and elsewhere",
    "in [Canada], [Alaska] and northern [Russia]",
    "in [Canada], [Alaska], northern [Norway]",
    "occurring in [Canada], [Alaska], Beaman Park",
    "an office in [London], [New York].",
    "[London], [New York]",
    "split between [London], [NY] for years",
    "the weather in [Paris], [California], [Japan]",
)


def towns(marked: str) -> list[str]:
    """Give the names that have their region, of a text with its places in brackets."""
    places = [(place, MentionType.GPE) for place in re.findall(r"\[(.+?)\]", marked)]
    return [name for name, _ in resolved(re.sub(r"[\[\]]", "", marked), *places) if ", " in name]


@pytest.mark.parametrize("text", TOWNS)
def test_a_town_with_the_name_of_a_capital_or_country_is_the_one_in_its_state(text: str) -> None:
    parts = [name.split(", ") for name in towns(text)]
    assert any(
        may_be_country(town) or (BOOKS.is_city(town) and not BOOKS.lies_in(town, state))
        for town, state in parts
    )


@pytest.mark.parametrize("text", LISTS)
def test_a_capital_or_country_in_a_list_with_states_is_no_town(text: str) -> None:
    assert towns(text) == []
