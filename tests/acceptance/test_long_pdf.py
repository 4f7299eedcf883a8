"""A PDF of many pages on Ray: read in ranges, interrupted, gone on with; one page is poisonous."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
import redis
from poison_case import ENDLESS, says, write_pdf

PAGES, AT_ONCE, POISON = 240, 20, 150
PEOPLE = ("Maria Alvarez", "Peter Cook", "Susan Ward", "Robert Klein")
PLACES = ("Boston", "Chicago", "Denver", "Seattle")


def book(folder: Path) -> Path:
    """Write a PDF of cheap pages, one of which PDFium does not survive."""
    folder.mkdir()
    pages = [
        says(f"{PEOPLE[page % 4]} met {PEOPLE[page % 3]} in {PLACES[page % 4]}, page {page}.")
        for page in range(1, PAGES + 1)
    ]
    pages[POISON - 1] = ENDLESS
    return write_pdf(folder / "book.pdf", pages)


@pytest.mark.long
def test_a_long_pdf_is_gone_on_with_and_gives_what_reading_it_at_once_gives(
    casegraph, here, tmp_path: Path
) -> None:
    path = book(tmp_path / "books")
    (path.parent / "letter.txt").write_text("Maria Alvarez met Peter Cook in Boston.")
    limits = {
        "CASEGRAPH_LIMITS__SECONDS_PER_PAGE": "3",
        "CASEGRAPH_LIMITS__PARSE_MEMORY_BYTES": str(700 << 20),
    }
    casegraph.environment.update(limits, CASEGRAPH_RUN__PAGES_AT_ONCE=str(AT_ONCE))
    casegraph.environment["CASEGRAPH_RUN__ACTORS"] = '{"ocr": 2, "chunk": 1, "extract": 1}'
    first = casegraph.start("run", str(path.parent), "--project", "p", "--json")
    with redis.Redis.from_url(casegraph.environment["CASEGRAPH_REDIS_URL"]) as client:
        while first.poll() is None and not list(client.scan_iter("doc:*:ocr:*:*-*")):
            time.sleep(0.02)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=300)
    assert first.returncode == 130, (out, err)

    result = casegraph.json("run", str(path.parent), "--project", "p")
    assert result["documents"] == result["documents"] | {"completed": 2, "failed": 0}
    assert result["stage_calls"]["ocr"] <= 2
    document = casegraph.json("show", "book.pdf", "--project", "p")
    assert (document["pages"], document["partial"]) == (PAGES, True)
    [warning] = document["warnings"]
    assert warning.startswith(f"page {POISON} could not be read: it ")
    assert casegraph.json_lines("verify", "--project", "p") == []

    here.environment.update(limits, CASEGRAPH_RUN__PAGES_AT_ONCE=str(PAGES))
    here("run", str(path.parent), "--project", "q")
    digests = {here.json("digest", "--project", name)["digest"] for name in ("p", "q")}
    assert len(digests) == 1


def test_a_poisonous_page_is_named_and_the_others_are_searchable(here, tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    pages = [says("Maria Alvarez met Peter Cook in Boston."), ENDLESS, says("Susan Ward slept.")]
    write_pdf(folder / "a.pdf", pages)
    write_pdf(folder / "b.pdf", [ENDLESS])
    here.environment.update(
        CASEGRAPH_LIMITS__PARSE_SECONDS="3",
        CASEGRAPH_LIMITS__SECONDS_PER_PAGE="3",
        CASEGRAPH_LIMITS__PARSE_MEMORY_BYTES=str(700 << 20),
    )
    result = here.json("run", str(folder), "--project", "p", status=3)
    assert (result["documents"]["completed"], result["documents"]["failed"]) == (1, 1)
    document = here.json("show", "a.pdf", "--project", "p")
    assert document["partial"]
    assert document["warnings"][0].startswith("page 2 could not be read: it ")
    assert "partial" in here("show", "a.pdf", "--project", "p").stdout
    [failure] = here.json_lines("failures", "--project", "p")
    assert failure["source"].endswith("b.pdf")
    assert here.json("status", "--project", "p")["flags"]["partial"] == 1
