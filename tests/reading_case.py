"""Reads files as the parser's child does, in this process, and says what holds of any answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.documents import Pages
from pipeline.engines.formats.reading import read
from pipeline.engines.media_types import detect
from pipeline.engines.parse_request import ParseOptions, ParseRequest
from pipeline.engines.parser_answers import is_sound
from pipeline.errors import PermanentError


def request_for(path: Path, folder: Path, options: ParseOptions | None = None) -> ParseRequest:
    """Make the request for a file, its type found from its content."""
    return ParseRequest(
        path=str(path),
        name=path.name,
        media_type=detect(path, path.name),
        folder=str(folder),
        options=options or ParseOptions(),
    )


def read_file(path: Path, options: ParseOptions | None = None) -> Pages:
    """Read a file; its members' bytes go with the folder they were written to."""
    with tempfile.TemporaryDirectory() as folder:
        pages = read(request_for(path, Path(folder), options), lambda *_: None)
    assert_sound(pages)
    return pages


def read_members(path: Path, options: ParseOptions | None = None) -> tuple[Pages, dict[str, bytes]]:
    """Read a container; also give its members' bytes by path."""
    with tempfile.TemporaryDirectory() as folder:
        pages = read(request_for(path, Path(folder), options), lambda *_: None)
        members = {m.path: (Path(folder) / m.sha256).read_bytes() for m in pages.members}
    assert_sound(pages)
    return pages, members


def assert_sound(pages: Pages) -> None:
    """Hold what is true of any answer: spans in order, words where they are said to be, boxes on
    the page, and no character that PostgreSQL refuses.
    """
    assert is_sound(pages)
    assert "\x00" not in pages.text
    pages.text.encode("utf-8")
    pages.model_dump_json()
    for page in pages.pages:
        if page.words is None:
            continue
        assert page.width is not None
        assert page.height is not None
        words = zip(page.words.starts, page.words.ends, page.words.boxes, strict=True)
        for start, end, (left, top, right, bottom) in words:
            assert pages.text[start:end] == pages.text[start:end].strip() != ""
            assert 0 <= left <= right <= page.width + 0.01
            assert 0 <= top <= bottom <= page.height + 0.01
        # Every word of the page has a place: nothing is left out between them.
        said = "".join(
            pages.text[s:e] for s, e in zip(page.words.starts, page.words.ends, strict=True)
        )
        assert said == "".join(pages.text[page.start : page.end].split())


@contextmanager
def fails(error: str, words: str = "") -> Iterator[None]:
    """Expect a failure with this word, whose message says `words`."""
    with pytest.raises(PermanentError) as caught:
        yield
    assert caught.value.code == error, caught.value.message
    assert words in caught.value.message
