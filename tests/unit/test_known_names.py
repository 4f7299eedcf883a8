"""The shipped table of names says what rigour says, from which it was made."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from rigour.names import NameTypeTag, analyze_names

from pipeline.engines.known_names import made_from, names_of


def _by_rigour(word: str) -> set[str]:
    found = analyze_names(
        NameTypeTag.PER, [word], phonetics=False, numerics=False, consolidate=False, rewrite=False
    )
    symbols = {symbol for name in found for symbol in name.symbols}
    return {one.id.removeprefix("Q") for one in symbols if one.category.value == "NAME"}


def test_it_is_of_the_rigour_that_is_installed() -> None:
    """Else it is to be made anew: see `tests/making_known_names.py`."""
    assert made_from() == f"rigour {version('rigour')}"


@pytest.mark.long
def test_words_are_the_names_that_they_are_to_rigour() -> None:
    words = ("smith", "smyth", "aleksandr", "alexander", "wang", "wong", "ao", "a", "kaddafi", "zz",
             "table", "aa", "zyzniewski", "", "smit", "smithh")  # fmt: skip
    pieces = {word[:end] for word in words for end in range(1, len(word))}
    told = {word: set(names_of(word)) for word in {*words, *pieces}}
    assert told == {word: _by_rigour(word) for word in told}
    assert told["aleksandr"] & told["alexander"]
    assert not told["zyzniewski"]


def test_what_is_no_latin_word_is_no_name() -> None:
    assert not names_of("smith jones")
    assert not names_of("смит")
    assert not names_of("~")
