"""Checkpoints of page ranges, and documents of which a page is missing, in a real PostgreSQL."""

from __future__ import annotations

from ledger_case import LedgerCase, payloads_of

from pipeline.documents import Page, Pages, PageSource, StageName

LETTER = "Jane Roe met John Smith."
LOST = payloads_of(LETTER, ["Jane Roe", "John Smith"]) | {
    StageName.OCR: Pages(
        text=LETTER,
        pages=(
            Page(number=1, start=0, end=len(LETTER)),
            Page(number=2, start=len(LETTER), end=len(LETTER), source=PageSource.UNREAD),
        ),
        warnings=("page 2 could not be read: it crashes the process that reads it",),
    )
}


def flags(case: LedgerCase) -> list[tuple[object, ...]]:
    return sorted(case.rows("SELECT source, status, partial FROM documents"))


def test_a_document_of_which_a_page_is_missing_is_partial(case: LedgerCase) -> None:
    case.publish("a", LETTER, payloads=LOST)
    case.publish("b", "Ann Lee slept.", "Ann Lee")
    assert flags(case) == [
        ("corpus/a.txt", "completed", True), ("corpus/b.txt", "completed", False)
    ]  # fmt: skip
    # A copy of what readers see already is as partial.
    run = case.run()
    case.claimed(run, "copy.txt")
    case.identify(run, copy=LETTER)
    case.publisher().publish([case.content(LETTER)])
    assert ("corpus/copy.txt", "completed", True) in flags(case)
    # And one whose bytes are others by now is not.
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    run = case.run()
    case.ledger.claim(run, 10)
    case.identify(run, a="Eve Moss slept.")
    case.publisher().persist(case.checkpoints("Eve Moss slept.", None, "Eve Moss"))
    assert flags(case)[0] == ("corpus/a.txt", "completed", False)
