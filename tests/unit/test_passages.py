"""Words in their sentence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines.sentences import Sentences
from pipeline.marking import Mark, mark_text
from pipeline.passages import LONGEST, around, best_sentence, found_words, nearest_sentence

SENTENCES = Sentences()
TEXT = "Mr. Roe left. Jane Roe sued Acme v. Acme. The end."


def test_a_mention_comes_in_its_sentence() -> None:
    at = TEXT.index("Jane")

    found = around(SENTENCES, TEXT, 100, [(at, at + 8)])

    assert found.text == "Jane Roe sued Acme v. Acme."
    assert (found.start, found.marks) == (100 + at, ((0, 8),))


@given(st.text(alphabet="ab .\n!é𝒳", min_size=1, max_size=1500), st.data())
def test_a_passage_always_holds_its_mark(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, min(len(text), start + 50)))

    found = around(SENTENCES, text, 7, [(start, end)])

    ((begin, stop),) = found.marks
    assert found.text[begin:stop] == text[start:end]
    assert text[found.start - 7 : found.end - 7] == found.text
    assert len(found.text) <= LONGEST + 50


@given(st.text(alphabet="ab .\n!é", min_size=1, max_size=1500), st.data())
def test_a_hit_is_a_piece_of_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    marks = [(start, start + 1)] if data.draw(st.booleans()) else []

    found = best_sentence(SENTENCES, text, 7, marks)

    assert text[found.start - 7 : found.end - 7] == found.text
    for begin, stop in found.marks:
        assert (found.start - 7 + begin, found.start - 7 + stop) in marks


def test_the_sentence_with_most_different_words_is_shown() -> None:
    text = "A board met. A board sat with a board. The board sued."
    marks = found_words(text, text.replace("board", "\ue000board\ue001").replace(
        "sued", "\ue000sued\ue001"))  # fmt: skip

    assert best_sentence(SENTENCES, text, 0, marks).text == "The board sued."


def test_by_meaning_the_nearest_sentence_is_shown() -> None:
    text = "A board met. The board sued. The board sat."

    found = nearest_sentence(SENTENCES, text, 7, lambda texts: [float("sued" in x) for x in texts])

    assert found.text == "The board sued."
    assert text[found.start - 7 : found.end - 7] == found.text
    assert found.marks == ()


def test_found_words_survive_a_headline_that_shifts() -> None:
    text = "<b>Suing</b> is what they do, suing."

    assert [text[a:b] for a, b in found_words(text, "  \ue000Suing\ue001 is what")] == [
        "Suing",
        "suing",
    ]


def test_marks_are_escaped() -> None:
    html = mark_text("<i>$5 & Bo</i>", [Mark(8, 10, "PERSON", '"Bo" <x>')])

    assert "&lt;i&gt;&#36;5 &amp; " in html
    assert 'title="&quot;Bo&quot; &lt;x&gt;"' in html
    assert ">Bo</mark>&lt;/i&gt;" in html
