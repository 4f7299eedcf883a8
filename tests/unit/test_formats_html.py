"""HTML as strangers write it: nested or left open without end, too large, with declarations."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_case import read_file

from pipeline.engines.formats.html import text_of
from pipeline.engines.parse_request import ParseOptions


def page(folder: Path, markup: str, name: str = "a.html") -> Path:
    path = folder / name
    path.write_text(markup, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "opening",
    ["<font color=red>", "<div>", "<blockquote>", "<table><tr><td>", "<ul><li>", "<b><i>", "<q:x>"],
)
@pytest.mark.parametrize("depth", [100, 400, 3_000])
def test_nothing_is_lost_to_depth(tmp_path: Path, opening: str, depth: int) -> None:
    lines = "".join(f"{opening}Line {at} ends.<br>" for at in range(depth))
    pages = read_file(page(tmp_path, f"<body><p>Before.</p>{lines}<p>After."))
    words = " ".join(word for word in pages.text.split() if len(word) > 1 or word.isdigit())
    expected = " ".join(f"Line {at} ends." for at in range(depth))
    assert words == f"Before. {expected} After."
    assert pages.warnings == ()


def test_far_down_lines_and_sentences_stay_whole_and_programs_out() -> None:
    inner = (
        "<p>Ann <b>Lee</b> met<script>not this</script> <i>Bob</i>.<br>Then he left.</p>"
        "<object><p>nor this</p></object>alone<div>one<div>two</div>three</div>"
    )
    text = text_of("<div>" * 300 + inner + "</div>" * 300 + "<p>The end.")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines == [
        "Ann Lee met Bob.",
        "Then he left.",
        "alone",
        "one",
        "two",
        "three",
        "The end.",
    ]


def test_a_very_long_line_is_kept(tmp_path: Path) -> None:
    path = page(tmp_path, f"<body><p>{'word ' * 2_400_000}</p><p>The end.")
    text = read_file(path, ParseOptions(max_characters=20_000_000)).text
    assert text.endswith("word\n\nThe end.")
    assert text.count("word") == 2_400_000


def test_entities_of_a_pages_own_are_left_out_and_told(tmp_path: Path) -> None:
    markup = (
        '<?xml version="1.0"?>\n<!DOCTYPE html [ <!-- don\'t --> <!ENTITY nbsp "&#160;">\n'
        '<!ENTITY e SYSTEM "file:///etc/passwd"> <!ENTITY p "]>">\n]>\n'
        "<html><body><p>Ann &e;&amp; Bob&nbsp;Ray&p;</p></body></html>"
    )
    pages = read_file(page(tmp_path, markup, "a.xhtml"))
    assert pages.text == "Ann & Bob Ray"
    [warning] = pages.warnings
    assert "&e;, &p;" in warning


@given(
    st.lists(
        st.sampled_from(
            ["<div>", "</div>", "<p>", "<td>", "<table>", "</table>", "<br>", "<b>", "</b>", "<li>",
             "<!--", "-->", "</body>", "<svg>", "</svg>", "&amp;", "\x01", "x", "<a b='\x02'>"]
        ),
        max_size=60,
    ).map("".join)
)  # fmt: skip
def test_any_markup_is_survived_at_any_depth(markup: str) -> None:
    text_of(markup)
    text_of("<div>" * 260 + markup)
