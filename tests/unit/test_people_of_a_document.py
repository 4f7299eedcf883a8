"""Full names of people are names of their own in a document; what says less stands for them."""

from __future__ import annotations

import pytest
from registry_case import name, numbered, partition, rebuilt, registry
from resolution_case import resolved

from pipeline.documents import MentionType
from pipeline.registry.decisions import DecisionKind, RawName
from pipeline.resolution.people import shortens

# Two people, and the longer name says another surname, another first name or another middle name.
STRANGERS = [
    ("George W. Bush", "George H. W. Bush"),
    ("John A. Smith", "John B. A. Smith"),
    ("Martin Luther", "Martin Luther King"),
    ("George Washington", "George Washington Carver"),
    ("Thomas Jefferson", "Thomas Jefferson Randolph"),
    ("Maria Garcia", "Maria Garcia Lopez"),
    ("Paul Jones", "John Paul Jones"),
    ("Otto Jespersen", "Jens Otto Harry Jespersen"),
    ("Jefferson Madeira", "Jefferson Madeira da Silva"),
]


def linked(*words: str) -> list[str]:
    """Give the normal form that each name of a person stands for in a text of nothing else."""
    people = [(one, MentionType.PERSON) for one in words]
    return [normal for normal, _ in resolved("; ".join(words), *people)]


def entities(*words: str, split: bool = False) -> set[frozenset[str]]:
    """Give the entities of a document's people, by their normal forms; `split` takes the first out
    of what the second is.
    """
    names = {one.id: one for one in (name("PERSON", normal) for normal in linked(*words))}
    parts = [(RawName("PERSON", one),) for one in words[:2]]
    decisions = numbered([(DecisionKind.SPLIT, parts)] if split else [])
    found, _ = rebuilt(registry(names.values(), decisions, bound=50), names.values())
    return partition(found, {id_: one.normal for id_, one in names.items()})


@pytest.mark.parametrize(("one", "other"), STRANGERS)
@pytest.mark.parametrize("often", [1, 3])
def test_two_people_stay_two(one: str, other: str, often: int) -> None:
    for first, second in ((one, other), (other, one)):
        words = [first] * often + [second]
        assert linked(*words) == [name("PERSON", each).normal for each in words]
        assert len(entities(*words)) == 2


def test_a_middle_name_left_out_is_for_the_registry_and_people_can_take_it_back() -> None:
    text = "John Adams and his son John Quincy Adams came."
    pair = ("John Adams", MentionType.PERSON), ("John Quincy Adams", MentionType.PERSON)
    assert resolved(text, *pair) == [("john adams", None), ("john quincy adams", None)]
    together = frozenset(("john adams", "john quincy adams"))
    words = ("John Adams", "John Quincy Adams")
    assert entities(*words) == {together}
    assert entities(*words, split=True) == {frozenset((one,)) for one in together}


@pytest.mark.parametrize(
    ("full", "shorter"),
    [
        (["John Smith"], ["J. Smith", "Smith", "Mr. Smith", "Dr. Smith", "John", "Smith's"]),
        (["John Quincy Smith"], ["J. Smith", "J. Q. Smith", "J. Quincy Smith", "Quincy", "JQS"]),
        (["Martin Luther King", "Martin Luther"], ["Dr. King", "M. L. King", "M. King", "King"]),
        (["Martin Luther", "Martin Luther King"], ["Luther", "M. Luther"]),
        (["George W. Bush", "George H. W. Bush"], ["G. W. Bush"]),
        (["George H. W. Bush", "George W. Bush"], ["G. H. W. Bush", "G. H. Bush"]),
        (["Paul Jones", "John Paul Jones"], ["P. Jones"]),
        (["John Paul Jones", "Paul Jones"], ["J. P. Jones", "J. Jones", "John"]),
    ],
)
def test_what_says_less_than_a_full_name_stands_for_it(full: list[str], shorter: list[str]) -> None:
    long = name("PERSON", full[0]).normal
    for short in shorter:
        assert linked(*full, short)[-1] == long, short


@pytest.mark.parametrize(
    ("full", "shorter"),
    [
        (["George W. Bush", "George H. W. Bush"], ["Bush", "G. Bush", "George", "Mr. Bush"]),
        (["John A. Smith", "John B. A. Smith"], ["Smith", "J. Smith"]),
        (["Paul Jones", "John Paul Jones"], ["Jones"]),
        (["Martin Luther", "Martin Luther King"], ["Martin"]),
    ],
)
def test_what_two_people_are_called_stands_for_neither(full: list[str], shorter: list[str]) -> None:
    for short in shorter:
        assert linked(*full, short)[-1] == name("PERSON", short).normal, short


def test_a_surname_is_that_of_the_form_that_a_person_is_mostly_called_by() -> None:
    often = ["John Adams", "John Quincy Adams", "John Adams"]
    for short in ("Adams", "Mr. Adams", "J. Adams"):
        assert linked(*often, short)[-1] == "john adams"
    text = "President John Adams, or President John Quincy Adams. John Adams, Mr. President!"
    answer = resolved(text, *((one, MentionType.PERSON) for one in (*often, "Mr. President")))
    assert answer[-1] == ("john adams", "title")


def test_initials_stand_for_a_name_that_says_all_of_them() -> None:
    words = ["John Smith", "John Smith", "John Q. Smith", "J. Q. Smith"]
    assert linked(*words) == ["john smith", "john smith", "john q smith", "john q smith"]
    assert linked("J. Smith", "J. Smith", "J. Q. Smith", "Smith") == ["j q smith"] * 4


@pytest.mark.parametrize(
    ("short", "long", "fits"),
    [
        ("george w bush", "george herbert walker bush", False),
        ("george h bush", "george herbert walker bush", True),
        ("george walker bush", "george herbert walker bush", True),
        ("george h walker bush", "george herbert walker bush", True),
        ("john a b smith", "john b a smith", False),
        ("john lee w smith", "john al lee w smith", False),
        ("john smith", "john smith", False),
        ("john smith jr", "john q smith sr", False),
    ],
)
def test_an_initial_stands_for_the_name_in_its_own_place(short: str, long: str, fits: bool) -> None:
    assert shortens(tuple(short.split()), tuple(long.split())) is fits


@pytest.mark.parametrize(
    ("text", "people", "who"),
    [
        ("Prince Andrew met Andrew Farkas.", ["Andrew", "Andrew Farkas"], "andrew"),
        ("Prince Andrew met Andrew Farkas.", ["Prince Andrew", "Andrew Farkas"], "andrew"),
        ("Prince Andrew left. Andrew wept. Andrew Farkas sang.",
         ["Andrew", "Andrew", "Andrew Farkas"], "andrew"),
        ("King Hussein wrote to Saddam Hussein.", ["Hussein", "Saddam Hussein"], "hussein"),
        ("Pope Francis met Francis Collins.", ["Francis", "Francis Collins"], "francis"),
        ("Queen Elizabeth met Elizabeth Warren.", ["Elizabeth", "Elizabeth Warren"], "elizabeth"),
        ("Sister Mary met Mary Barra.", ["Mary", "Mary Barra"], "mary"),
        # The text has the whole name with the title, or there is no such title:
        ("King Hussein fled. King Hussein bin Talal and Saddam Hussein came back.",
         ["Hussein", "Hussein bin Talal", "Saddam Hussein"], "hussein bin talal"),
        ("Crown Prince Mohammed spoke. Crown Prince Mohammed bin Salman left.",
         ["Mohammed", "Mohammed bin Salman"], "mohammed bin salman"),
        ("Andrew met Andrew Farkas.", ["Andrew", "Andrew Farkas"], "andrew farkas"),
    ],
)  # fmt: skip
def test_who_is_called_by_a_rulers_title_is_nobody_whom_the_text_calls_otherwise(
    text: str, people: list[str], who: str
) -> None:
    found = resolved(text, *((one, MentionType.PERSON) for one in people))
    assert found[0][0] == who


@pytest.mark.parametrize(
    ("text", "people", "who"),
    [
        ("Judge Judy met Judy Woodruff.", ["Judy", "Judy Woodruff"], "judy"),
        ("Judge Judy met Judy Woodruff. Judy laughed.", ["Judge Judy", "Judy Woodruff", "Judy"],
         "judy"),
        ("Dr. Phil met Senator Phil Gramm.", ["Phil", "Phil Gramm"], "phil"),
        # But "Mayor Pete", and a word that is a surname too, or no given name that is known:
        ("Mayor Pete left. Pete Buttigieg ran.", ["Pete", "Pete Buttigieg"], "pete buttigieg"),
        ("Judge Lee met Mary Lee Roe.", ["Lee", "Mary Lee Roe"], "mary lee roe"),
        ("President Moon left. South Korean leader Moon Jae-in met Donald Trump.",
         ["Moon", "Moon Jae-in", "Donald Trump"], "moon jae-in"),
        ("General Secretary Xi said so. Chinese President Xi Jinping left.",
         ["Xi", "Xi Jinping"], "xi jinping"),
        ("Prime Minister Lee sat. Lee Hsien Loong left.", ["Lee", "Lee Hsien Loong"],
         "lee hsien loong"),
        ("Judge Ruiz ruled. Maria Elena Ruiz Soto sat.", ["Ruiz", "Maria Elena Ruiz Soto"],
         "maria elena ruiz soto"),
        ("President Lula won. Lula da Silva left.", ["Lula", "Lula da Silva"], "lula da silva"),
        ("Prime Minister Najib fell. Najib Razak left.", ["Najib", "Najib Razak"], "najib razak"),
        # By the surname, or where the text has the whole name with the title:
        ("Lieut. Anna left. Governor Anna Lee sat.", ["Anna", "Anna Lee"], "anna"),
        ("The senator. Anna left. Governor Anna Lee sat.", ["Anna", "Anna Lee"], "anna lee"),
        ("Judge Rakoff spoke to Jed Rakoff.", ["Rakoff", "Jed Rakoff"], "jed rakoff"),
        ("Judge Judy left. District Judge Judy Sheindlin sat; Judy Woodruff did not.",
         ["Judy", "Judy Sheindlin", "Judy Woodruff"], "judy sheindlin"),
        ("Judge Patti left. Judge Patti Saris, or Patti B. Saris, sat.",
         ["Patti", "Patti Saris", "Patti B. Saris"], "patti b saris"),
        ("Judy met Judy Woodruff.", ["Judy", "Judy Woodruff"], "judy woodruff"),
        ("Mr. Judy met Judy Woodruff.", ["Judy", "Judy Woodruff"], "judy woodruff"),
    ],
)  # fmt: skip
def test_a_given_name_behind_a_title_is_that_of_who_has_the_title(
    text: str, people: list[str], who: str
) -> None:
    found = resolved(text, *((one, MentionType.PERSON) for one in people))
    assert found[0][0] == who


@pytest.mark.parametrize(
    ("words", "normal"),
    [
        ("Prince Rogers Nelson", "prince rogers nelson"),
        ("Nelson, Prince Rogers", "prince rogers nelson"),
        ("Smith, King", "smith king"),
        ("King Smith", "smith"),
        ("King Hassan II", "hassan ii"),
        ("Prince Mohammed bin Salman", "mohammed bin salman"),
        ("King Philip Mountbatten", "philip mountbatten"),
        ("King Norodom Sihanouk", "norodom sihanouk"),
        ("Smith, Judge", "smith"),
        ("Det Norske", "det norske"),
        ("Ada Lovelace", "ada lovelace"),
    ],
)
def test_what_is_a_title_may_be_a_given_name(words: str, normal: str) -> None:
    assert linked(words) == [normal]
