"""Readers see what was published before or after, whole, and never a part of both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ledger_case import LedgerCase, payloads_of, plan_of
from sqlalchemy import text

from pipeline.stores import postgres

LETTER = "Jane Roe met John Smith."
OTHER = "Only Mary Major came."
TURNS = 15
State = tuple[str, tuple[str, ...]]
SEEN = text("""
SELECT d.text, array_agg(m.text ORDER BY m.start)
FROM published_documents d LEFT JOIN published_mentions m ON m.content_id = d.content_id
GROUP BY d.document_id, d.text
""")


@contextmanager
def reading(case: LedgerCase) -> Iterator[set[tuple[State, ...]]]:
    """Read all documents and their mentions again and again; collect what was ever there."""
    engine = postgres.engine_of(case.engine.url.render_as_string(hide_password=False))
    seen: set[tuple[State, ...]] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            with postgres.reading(engine) as connection:
                seen.add(tuple((row[0], tuple(row[1])) for row in connection.execute(SEEN)))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        over.set()
        reader.join()
        engine.dispose()


def in_turns(one: Callable[[int], None], other: Callable[[int], None]) -> None:
    for turn in range(TURNS):
        one(turn)
        other(turn)


def test_who_reads_while_a_file_changes_sees_one_state_of_it(case: LedgerCase) -> None:
    def change(words: str, *people: str) -> Callable[[int], None]:
        def once(turn: int) -> None:
            run = case.run()
            file = case.found("a.txt", stamp=f"{words}{turn}")
            case.ledger.record_documents(case.project, [file])
            assert len(case.ledger.claim(run, 1)) == 1
            case.identify(run, a=words)
            case.publisher().persist(case.checkpoints(words, None, *people))
            case.ledger.end_run(run, "finished", {})

        return once

    case.publish("a", LETTER, "Jane Roe", "John Smith")
    with reading(case) as seen:
        in_turns(change(OTHER, "Mary Major"), change(LETTER, "Jane Roe", "John Smith"))

    assert seen == {((LETTER, ("Jane Roe", "John Smith")),), ((OTHER, ("Mary Major",)),)}


def test_who_reads_while_a_stage_is_configured_anew_sees_one_result_of_it(
    case: LedgerCase,
) -> None:
    def configure(extract: str, *people: str) -> Callable[[int], None]:
        plan = plan_of(extract=extract)

        def once(turn: int) -> None:
            case.ledger.open_project(case.name, plan, reconfigure=True)
            run = case.run()
            assert len(case.ledger.claim(run, 1)) == 1
            work = case.identify(run, plan=plan, a=LETTER)[case.document("a.txt")]
            payloads = payloads_of(LETTER, list(people))
            made = case.checkpoints(LETTER, payloads, plan=plan, chain=work.chain)
            case.publisher(plan).persist(made)
            case.ledger.end_run(run, "finished", {})

        return once

    case.publish("a", LETTER, "Jane Roe", "John Smith")
    with reading(case) as seen:
        in_turns(configure("2", "Jane Roe"), configure("3", "Jane Roe", "John Smith"))

    assert seen == {((LETTER, ("Jane Roe", "John Smith")),), ((LETTER, ("Jane Roe",)),)}
