"""A page that is too much for the parser's child is missing, and the others are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from poison_case import ENDLESS, harmful, pages_read, says, write_pdf
from reading_case import assert_sound, request_for

from pipeline.documents import PageRange, Pages, PageSource
from pipeline.engines.page_rescue import LOST_AT_MOST, may_lose, read_around
from pipeline.engines.parse_request import ParseFailure
from pipeline.engines.parser import Parser
from pipeline.page_ranges import unread
from pipeline.settings import Limits

TIGHT = Limits(parse_seconds=30, seconds_per_page=1.5, parse_memory_bytes=600 << 20)


def texts_of(pages: Pages) -> list[str | None]:
    """Give the text of each page, None for one that was not read."""
    return [
        None if page.source is PageSource.UNREAD else pages.text[page.start : page.end]
        for page in pages.pages
    ]


def read(path: Path, parser: Parser, pages: PageRange | None = None) -> Pages | ParseFailure:
    request = request_for(path, path.parent).model_copy(update={"pages": pages})
    answer = parser.parse(request)
    assert isinstance(answer, Pages | ParseFailure)
    return answer


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("killed", "crashes the process"),
        ("leaves", "crashes the process"),
        ("hangs", "limits.seconds_per_page"),
        ("eats", "limits.parse_memory_bytes"),
    ],
)
def test_a_page_that_ends_the_child_is_missing_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, why: str
) -> None:
    log = harmful(monkeypatch, tmp_path)
    texts = [f"Page {number} is well." for number in range(1, 7)]
    path = write_pdf(tmp_path / "a.pdf", [says(text) for text in texts])
    texts[3] = f"Page 4 {word}."
    harmed = write_pdf(tmp_path / "b.pdf", [says(text) for text in texts])
    with Parser(TIGHT) as parser:
        well = read(path, parser)
        answer = read(harmed, parser)
        assert isinstance(well, Pages)
        assert isinstance(answer, Pages)
        assert read(path, parser) == well
    assert_sound(answer)
    assert texts_of(answer) == [*texts[:3], None, *texts[4:]]
    [warning] = answer.warnings
    assert warning.startswith("page 4 could not be read: it ")
    assert why in warning
    assert answer.language == well.language
    # It may be due to what the child had read before.
    assert pages_read(log).count(4) - 2 == 2


@pytest.mark.parametrize(
    ("word", "says_of_it"),
    [
        ("killed", "Segmentation fault"),
        ("hangs", "Aborted"),
        ("eats", "MemoryError"),
    ],
)
def test_a_file_that_ends_the_child_is_told_with_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, says_of_it: str
) -> None:
    harmful(monkeypatch, tmp_path)
    path = write_pdf(tmp_path / "a.pdf", [says(f"Page 1 {word}.")])
    with Parser(TIGHT.model_copy(update={"parse_seconds": 1.5})) as parser:
        failure = read(path, parser)
    assert isinstance(failure, ParseFailure)
    assert says_of_it in failure.log_tail
    assert "sitecustomize.py" in failure.log_tail
    assert "in read_pdf" in failure.log_tail


def test_a_page_that_pdfium_itself_does_not_survive_is_missing(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [says("Ann Lee."), ENDLESS, says("Bob Ray.")])
    with Parser(TIGHT) as parser:
        answer = read(path, parser)
    assert isinstance(answer, Pages)
    assert texts_of(answer) == ["Ann Lee.", None, "Bob Ray."]


def test_only_the_pages_that_are_wanted_are_read_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = harmful(monkeypatch, tmp_path)
    pages = [says("killed" if number in {1, 4} else f"Page {number}") for number in range(1, 9)]
    path = write_pdf(tmp_path / "a.pdf", pages)
    with Parser(TIGHT) as parser:
        part = read(path, parser, PageRange(first=3, last=5))
        alone = read(path, parser, PageRange(first=1, last=1))
    assert isinstance(part, Pages)
    assert texts_of(part) == ["Page 3", None, "Page 5"]
    assert [page.number for page in part.pages] == [3, 4, 5]
    assert alone == unread(1, "it crashes the process that reads it")
    assert set(pages_read(log)) == {1, 3, 4, 5}


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_file_of_which_too_many_pages_end_the_child_fails_as_one_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    log = harmful(monkeypatch, tmp_path)
    path = write_pdf(tmp_path / "a.pdf", [says("killed")] * count)
    with Parser(TIGHT) as parser:
        failure = read(path, parser)
    assert isinstance(failure, ParseFailure)
    assert failure.error == "parser_crashed"
    assert "SIGSEGV" in failure.message
    assert len(pages_read(log)) <= may_lose(count) + 1
    if count == 30:
        assert "page 4 of 30" in failure.message


def test_few_pages_may_be_missing_whatever_the_file() -> None:
    assert [may_lose(count) for count in (1, 10, 30, 150, 3_000)] == [2, 2, 3, 15, LOST_AT_MOST]


def crashed(page: int, count: int = 9, error: str = "parser_crashed") -> ParseFailure:
    return ParseFailure(error=error, message="it died", page=page, count=count)


def test_a_page_that_another_child_reads_is_not_lost() -> None:
    """A child that dies at each fifth page, whichever it is."""

    def ask(pages: PageRange) -> tuple[Pages | ParseFailure, bool]:
        if len(pages.numbers) >= 5:
            return crashed(pages.first + 4), True
        text = " ".join(map(str, pages.numbers))
        return unread(pages.first, "").model_copy(update={"text": text}), True

    whole = PageRange(first=1, last=9)
    part = read_around(ask, whole, crashed(5), fresh=True)
    assert isinstance(part, Pages)
    assert part.text.split() == [str(number) for number in whole.numbers]


@pytest.mark.parametrize("error", ["parser_crashed", "parser_timeout", "parser_memory"])
def test_a_page_at_which_a_spoilt_child_failed_is_read_by_another(error: str) -> None:
    def ask(pages: PageRange) -> tuple[Pages | ParseFailure, bool]:
        return unread(pages.first, "").model_copy(update={"text": str(pages)}), True

    failure = crashed(1, error=error)
    part = read_around(ask, PageRange(first=1, last=9), failure, fresh=False)
    assert isinstance(part, Pages)
    assert part.text == "1-9"


def test_children_that_die_again_and_again_end_it() -> None:
    asked = []

    def ask(pages: PageRange) -> tuple[Pages | ParseFailure, bool]:
        asked.append(pages)
        return crashed(pages.last, count=500), True

    answer = read_around(ask, PageRange(first=1, last=500), crashed(500, count=500), fresh=True)
    assert isinstance(answer, ParseFailure)
    assert len(asked) <= 3 * LOST_AT_MOST


@pytest.mark.parametrize(
    "failure", [crashed(0), crashed(7), crashed(3, error="text_too_long"), crashed(3, count=0)]
)
def test_what_is_about_no_page_that_was_asked_for_stays_a_failure(failure: ParseFailure) -> None:
    def ask(_: PageRange) -> tuple[Pages | ParseFailure, bool]:
        return failure, True

    assert read_around(ask, PageRange(first=2, last=5), crashed(2), fresh=True) == failure
