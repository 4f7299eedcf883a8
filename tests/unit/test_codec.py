"""Values to bytes and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import codec
from pipeline.documents import Page, Pages
from pipeline.errors import PermanentError


@given(st.text(max_size=2_000), st.integers(1, 40))
def test_what_is_read_is_what_was_written(text, times):
    text = text.encode("utf-8", "replace").decode() * times
    pages = Pages(text=text, pages=(Page(number=1, start=0, end=len(text)),))
    assert codec.decode(Pages, codec.encode(pages)) == pages


def test_large_values_are_compressed():
    assert len(codec.encode(Pages(text="a word and " * 5_000, pages=()))) < 1_000


@pytest.mark.parametrize("data", [b"", b"\x01{", b"\x01[]", b"\x02rubbish", b'\x01{"text":1}'])
def test_bytes_that_are_no_value_are_refused_without_their_words(data):
    with pytest.raises(PermanentError, match="stored Pages") as told:
        codec.decode(Pages, data)
    assert "rubbish" not in str(told.value)


def test_bytes_of_another_version_are_refused_in_words():
    with pytest.raises(PermanentError, match="newer"):
        codec.decode(Pages, b"\x09{}")
