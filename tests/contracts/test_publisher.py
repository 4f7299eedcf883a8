"""Publishing into a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from ledger_case import LedgerCase, payloads_of, plan_of
from sqlalchemy import Engine, text
from waiting import until

from pipeline import identity
from pipeline.documents import DocumentStatus, Mentions, Page, Pages, StageName, Words
from pipeline.errors import PermanentError, TemporaryError, UnavailableError
from pipeline.stage import STAGES
from pipeline.stores import payloads as payloads_module
from pipeline.stores.chunk_vectors import CachedVectors
from pipeline.stores.memory import MemoryVectors
from pipeline.stores.protocols import Vector
from pipeline.stores.publisher import Publisher
from pipeline.stores.removal import remove_unseen_contents

LETTER = "Jane Roe met John Smith."
HELD_UP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def graph(case: LedgerCase) -> dict[str, list[object]]:
    """Read every published row, without times."""
    return {
        table: sorted(case.rows(f"SELECT {columns} FROM {table}"))
        for table, columns in {
            "chunks": "id::text, content_id::text, text, page",
            "mentions": 'id::text, name_id::text, start, "end", text, model, stage_version',
            "names": "id::text, type, normal, scope::text, keys",
            "relationships": "id::text, subject_name_id::text, predicate, model, stage_version",
        }.items()
    }


def test_a_complete_chain_is_published_with_its_documents(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a=LETTER, b=LETTER)

    persisted = case.publisher().persist(case.checkpoints(LETTER, None, "Jane Roe", "John Smith"))

    content = case.content(LETTER)
    assert persisted.published == (content,)
    assert set(persisted.completed) == {case.document("a.txt"), case.document("b.txt")}
    assert case.status("a.txt") == ("completed", False, content)
    rows = graph(case)
    assert {row[2] for row in rows["names"]} == {"jane roe", "john smith"}
    assert {row[4] for row in rows["mentions"]} == {"Jane Roe", "John Smith"}
    assert [(row[2], row[3]) for row in rows["relationships"]] == [("met", "test.met")]
    assert case.value("SELECT text FROM contents") == LETTER
    told = case.rows("SELECT subject FROM changes WHERE kind = 'published'")
    assert told == [(content,)]
    chain = case.value("SELECT chain FROM contents")
    assert [link["stage"] for link in chain] == [stage.value for stage in STAGES]
    assert {link["version"] for link in chain} == {"1"}


def test_nothing_is_visible_before_the_whole_chain_is_there(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    checkpoints = case.checkpoints(LETTER, None, "Jane Roe", "John Smith")

    for checkpoint in [checkpoints[4], checkpoints[0], checkpoints[2], checkpoints[1]]:
        assert case.publisher().persist([checkpoint]).published == ()
        assert not any(graph(case).values())
    assert case.status("a.txt")[0] == "running"

    assert case.publisher().persist([checkpoints[3]]).published == (case.content(LETTER),)
    assert len(graph(case)["mentions"]) == 2


def test_writing_again_changes_nothing(case: LedgerCase) -> None:
    case.publish("a", LETTER, "Jane Roe", "John Smith")
    before = graph(case)

    again = case.publisher().persist(case.checkpoints(LETTER, None, "Jane Roe", "John Smith"))

    assert (again.published, again.completed, again.winners) == ((), (), ())
    assert graph(case) == before
    assert case.value("SELECT count(*) FROM changes WHERE kind = 'published'") == 1


def test_what_was_there_first_wins_and_is_handed_back(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    first = case.checkpoints(LETTER, None, "Jane Roe", "John Smith")
    other = case.checkpoints(LETTER, None, "Jane Roe", salt="x")
    case.publisher().persist(first[:1])

    persisted = case.publisher().persist(other)

    assert persisted.winners == (first[0],)
    assert persisted.published == ()  # the rest was built on the loser
    assert case.publisher().persist(first).published == (case.content(LETTER),)
    assert len(graph(case)["mentions"]) == 2


def test_changed_bytes_replace_what_was_there(case: LedgerCase) -> None:
    case.publish("a", LETTER, "Jane Roe", "John Smith")
    case.publish("keep", "John Smith slept.", "John Smith")
    run = case.run()
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    assert case.status("a.txt") == ("running", False, case.content(LETTER))
    case.identify(run, a="Only Mary Major came.")

    persisted = case.publisher().persist(
        case.checkpoints("Only Mary Major came.", None, "Mary Major")
    )

    assert persisted.gone == (case.content(LETTER),)
    assert case.rows("SELECT normal FROM names ORDER BY normal") == [
        ("john smith",), ("mary major",),
    ]  # fmt: skip
    assert case.value("SELECT count(*) FROM contents") == 2
    assert (
        case.value(
            "SELECT count(*) FROM stage_results WHERE content_id = :id", id=case.content(LETTER)
        )
        == 0
    )
    kinds = case.rows("SELECT kind, count(*) FROM changes GROUP BY kind ORDER BY kind")
    assert kinds == [("name_added", 3), ("name_removed", 1), ("published", 3), ("removed", 1)]


def test_a_new_plan_replaces_the_rows_of_the_same_content(case: LedgerCase) -> None:
    case.publish("a", LETTER, "Jane Roe", "John Smith")
    new = plan_of(extract="2")
    case.ledger.open_project(case.name, new, reconfigure=True)
    run = case.run()
    case.ledger.claim(run, 10)
    work = case.identify(run, plan=new, a=LETTER)[case.document("a.txt")]
    assert work.chain.gap is StageName.EXTRACT
    made = case.checkpoints(LETTER, payloads_of(LETTER, ["Jane Roe"]), plan=new, chain=work.chain)

    case.publisher(new).persist(made)

    rows = graph(case)
    assert [(row[4], row[6]) for row in rows["mentions"]] == [("Jane Roe", "2")]
    assert [row[2] for row in rows["names"]] == ["jane roe"]
    assert rows["relationships"] == []


def test_a_changed_configuration_fences_publication(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    case.ledger.open_project(case.name, plan_of(relate="2"), reconfigure=True)

    persisted = case.publisher().persist(case.checkpoints(LETTER, None, "Jane Roe"))

    assert persisted.fenced
    assert persisted.published == ()
    assert case.status("a.txt")[0] == "running"
    assert not any(graph(case).values())


def test_results_for_bytes_that_may_be_others_by_now_are_kept_and_not_shown(
    case: LedgerCase,
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])

    persisted = case.publisher().persist(case.checkpoints(LETTER, None, "Jane Roe"))

    assert (persisted.published, persisted.gone) == ((), ())
    assert case.status("a.txt") == ("pending", False, None)
    assert not any(graph(case).values())
    case.ledger.claim(run, 10)
    case.identify(run, a="Mary Major.")
    assert case.value("SELECT count(*) FROM stage_results") == 0


def test_what_arrives_after_the_project_is_gone_is_dropped(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    publisher = case.publisher()
    case.delete()

    assert publisher.persist(case.checkpoints(LETTER, None, "Jane Roe")).published == ()
    assert case.value("SELECT count(*) FROM stage_results") == 0


@pytest.mark.parametrize(
    ("poison", "page"), [("a NUL \x00 in it", 1), ("a page number past all bounds", 2**40)]
)
def test_only_the_content_that_postgresql_refuses_fails(
    case: LedgerCase, poison: str, page: int
) -> None:
    run = case.run()
    texts = {f"d{number}": f"Jane Roe wrote letter {number}." for number in range(7)}
    texts["d3"] = f"Jane Roe wrote {poison}."
    payloads = {words: payloads_of(words, ["Jane Roe"]) for words in texts.values()}
    mentions = payloads[texts["d3"]][StageName.EXTRACT]
    assert isinstance(mentions, Mentions)
    [mention] = mentions.mentions
    payloads[texts["d3"]][StageName.EXTRACT] = Mentions(
        mentions=(mention.model_copy(update={"page": page}),)
    )
    case.claimed(run, *(f"{name}.txt" for name in texts))
    case.identify(run, **texts)
    batch = [x for words in texts.values() for x in case.checkpoints(words, payloads[words])]

    persisted = case.publisher().persist(batch)

    assert len(persisted.completed) == 6
    [(content, reason)] = persisted.refused
    assert content == case.content(texts["d3"])
    assert "relate" in reason
    assert case.status("d3.txt")[0] == "failed"
    [failure] = case.failures()
    assert (failure.error, failure.attempts) == ("refused_by_database", 1)
    assert case.value("SELECT count(*) FROM mentions") == 6


def beyond(words: str) -> dict[StageName, Any]:
    """Make payloads that no table takes: a page number past all bounds."""
    payloads = payloads_of(words, ["Jane Roe"])
    mentions = payloads[StageName.EXTRACT]
    assert isinstance(mentions, Mentions)
    [mention] = mentions.mentions
    payloads[StageName.EXTRACT] = Mentions(mentions=(mention.model_copy(update={"page": 2**40}),))
    return payloads


def test_publishing_what_is_there_leaves_out_the_content_that_is_refused(case: LedgerCase) -> None:
    run = case.run()
    texts = {f"d{number}": f"Jane Roe wrote letter {number}." for number in range(5)}
    case.claimed(run, *(f"{name}.txt" for name in texts))
    case.identify(run, **texts)
    batch = [
        checkpoint
        for name, words in texts.items()
        for checkpoint in case.checkpoints(
            words,
            beyond(words) if name == "d1" else payloads_of(words, ["Jane Roe"]),
        )
    ]
    unreadable = case.content(texts["d3"])
    batch = [
        x.model_copy(update={"payload": b"\x02rubbish"})
        if (x.content, x.stage) == (unreadable, "chunk")
        else x
        for x in batch
    ]
    # Under another plan results are written and not published.
    assert case.publisher(plan_of(relate="2")).persist(batch).fenced

    persisted = case.publisher().publish([case.content(words) for words in texts.values()])

    assert {case.status(f"{name}.txt")[0] for name in ("d0", "d2", "d4")} == {"completed"}
    assert len(persisted.completed) == 3
    assert dict(persisted.refused).keys() == {case.content(texts["d1"])}
    assert [(x.error, x.attempts) for x in case.failures()] == [("refused_by_database", 1)]
    # What nobody can read back is a gap, and nobody's fault.
    assert case.status("d3.txt")[0] == "running"
    assert case.ledger.known_chains([unreadable], case.plan)[unreadable].gap is StageName.CHUNK


def test_what_an_old_plan_made_does_not_fail_who_waits_under_the_new_one(case: LedgerCase) -> None:
    case.claimed(case.run(), "a.txt")
    old = case.publisher()
    bad = case.checkpoints("Jane Roe wrote.", beyond("Jane Roe wrote."))
    plan = plan_of(ocr="2")
    case.ledger.open_project(case.name, plan, reconfigure=True)
    [run] = case.rows("SELECT claimed_by::text FROM documents")
    case.identify(run[0], plan, a="Jane Roe wrote.")
    bad = [x.model_copy(update={"part": "a NUL \x00"}) for x in bad]

    assert dict(old.persist(bad).refused).keys() == {case.content("Jane Roe wrote.")}

    assert case.status("a.txt")[0] == "running"
    assert case.failures() == []


def test_a_payload_that_cannot_be_read_back_fails_its_content_alone(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a=LETTER, b="Other.")
    broken = [
        x.model_copy(update={"payload": b"\x02rubbish"}) if x.stage == "chunk" else x
        for x in case.checkpoints(LETTER, None, "Jane Roe")
    ]

    persisted = case.publisher().persist([*broken, *case.checkpoints("Other.")])

    assert persisted.published == (case.content("Other."),)
    [failure] = case.failures()
    assert (failure.stage, failure.error) == (StageName.CHUNK, "unreadable_payload")


def ill_made(words: str) -> dict[StageName, Any]:
    """Make payloads whose words have starts without ends."""
    payloads = payloads_of(words, ["Jane Roe"])
    page = Page(
        number=1,
        start=0,
        end=len(words),
        words=Words(starts=(0, 5), ends=(4,), boxes=((0, 0, 1, 1),)),
    )
    payloads[StageName.OCR] = Pages(text=words, pages=(page,))
    return payloads


def test_payloads_that_do_not_fit_together_fail_their_content_alone(case: LedgerCase) -> None:
    run = case.run()
    texts = {f"d{number}": f"Jane Roe wrote letter {number}." for number in range(5)}
    case.claimed(run, *(f"{name}.txt" for name in texts))
    case.identify(run, **texts)
    batch = [
        x
        for name, words in texts.items()
        for x in case.checkpoints(words, ill_made(words) if name == "d3" else None, "Jane Roe")
    ]

    persisted = case.publisher().persist(batch)

    assert len(persisted.completed) == 4
    assert dict(persisted.refused).keys() == {case.content(texts["d3"])}
    [failure] = case.failures()
    assert (failure.error, failure.source) == ("inconsistent", "corpus/d3.txt")
    assert "page 1" in failure.message


class FussyVectors(MemoryVectors):
    """A cache with a bug of its own, seen when it is asked for one text."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        if identity.text_key("Jane Roe wrote letter 3.") in text_hashes:
            raise self.error
        return super().get(model, text_hashes)


@pytest.mark.parametrize("error", [TypeError("no such thing"), PermanentError("odd", "too odd")])
def test_whatever_goes_wrong_with_one_content_fails_it_alone(
    case: LedgerCase, error: Exception
) -> None:
    run = case.run()
    texts = {f"d{number}": f"Jane Roe wrote letter {number}." for number in range(5)}
    case.claimed(run, *(f"{name}.txt" for name in texts))
    case.identify(run, **texts)
    batch = [x for words in texts.values() for x in case.checkpoints(words, None, "Jane Roe")]
    cache = CachedVectors(FussyVectors(error), "m")

    persisted = Publisher(
        case.engine, case.project, case.plan, case.blobs, case.publishing, lambda _: cache
    ).persist(batch)

    assert len(persisted.completed) == 4
    assert case.status("d3.txt")[0] == "failed"
    [failure] = case.failures()
    assert failure.error == getattr(error, "code", "not_publishable")
    assert str(error) in failure.message


@pytest.mark.parametrize(
    "error", [TemporaryError("later"), UnavailableError("away"), OSError("disk"), MemoryError()]
)
def test_what_is_the_machines_or_a_services_trouble_fails_nobody(
    case: LedgerCase, error: Exception
) -> None:
    words = "Jane Roe wrote letter 3."
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=words)
    cache = CachedVectors(FussyVectors(error), "m")
    publisher = Publisher(
        case.engine, case.project, case.plan, case.blobs, case.publishing, lambda _: cache
    )
    with pytest.raises(type(error)):
        publisher.persist(case.checkpoints(words, None, "Jane Roe"))
    assert case.status("a.txt")[0] == "running"


def test_a_table_that_is_gone_fails_nobody(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    with case.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE mentions RENAME TO aside")
    try:
        with pytest.raises(UnavailableError, match="mentions"):
            case.publisher().persist(case.checkpoints(LETTER, None, "Jane Roe"))
    finally:
        with case.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE aside RENAME TO mentions")
    assert case.status("a.txt")[0] == "running"


def test_large_payloads_lie_in_the_object_store(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert payloads_module.VALUE_LIMIT == 10_000_000
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 100)
    long = "Jane Roe met John Smith. " * 40
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=long)
    checkpoints = case.checkpoints(long, None, "Jane Roe", "John Smith")

    for checkpoint in checkpoints:  # one by one, so that all are read back
        persisted = case.publisher().persist([checkpoint])

    assert persisted.published == (case.content(long),)
    references = case.rows("SELECT stage FROM stage_results WHERE payload_ref IS NOT NULL")
    large = {x.stage.value for x in checkpoints if len(x.payload) > 100}
    assert {row[0] for row in references} == large != set()
    assert case.value("SELECT text FROM contents") == long
    objects = [row[0] for row in case.rows("SELECT payload_ref FROM stage_results")]
    named = sorted(object_ for object_ in objects if object_)
    assert case.held(named) == named

    case.delete()

    assert case.held(named) == []


def test_two_who_complete_one_chain_at_once_publish_it_once(case: LedgerCase) -> None:
    for round_ in range(10):
        words = f"{LETTER} Number {round_}."
        run = case.run()
        case.claimed(run, f"d{round_}.txt")
        case.identify(run, **{f"d{round_}": words})
        checkpoints = case.checkpoints(words, None, "Jane Roe", "John Smith")
        start, published = threading.Barrier(2), []

        def work(part: list, start: threading.Barrier = start, published: list = published) -> None:
            publisher = case.publisher()
            start.wait()
            published += publisher.persist(part).published

        threads = [
            threading.Thread(target=work, args=(part,))
            for part in (checkpoints[:3], checkpoints[2:])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert published == [case.content(words)]
    assert case.value("SELECT count(*) FROM mentions") == 20


def patiently(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call until it is not refused for the moment."""
    while True:
        try:
            return call(*arguments, **named)
        except TemporaryError:
            continue


def work_off(case: LedgerCase, refused: list[object]) -> None:
    """Bring whatever can be claimed all the way; its text follows from its name and stamp."""
    run = case.run()
    while claimed := patiently(case.ledger.claim, run, 1):
        [document] = claimed
        name = document.name.removesuffix(".txt")
        person = "Jane Roe" if int(document.stamp) % 2 else "John Smith"
        words = f"{name} {document.stamp} says {person} left."
        patiently(case.identify, run, **{name: words})
        made = case.checkpoints(words, None, person)
        refused.extend(patiently(case.publisher().persist, made).refused)


def test_two_who_remove_a_names_last_mentions_at_the_same_time_leave_no_name(
    case: LedgerCase,
) -> None:
    for name in ("a", "b"):
        case.publish(name, f"{name} says John Smith left.", "John Smith")
    contents = [id_ for (id_,) in case.rows("SELECT id::text FROM contents ORDER BY id")]
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE documents SET content_id = NULL, next_content_id = NULL"))

    def remove(content: str) -> None:
        with case.engine.begin() as connection:
            remove_unseen_contents(connection, case.project, [content])

    with case.engine.begin() as first:
        remove_unseen_contents(first, case.project, contents[:1])
        second = threading.Thread(target=remove, args=contents[1:])
        second.start()
        until(lambda: case.value(HELD_UP) or not second.is_alive())
    second.join()

    assert case.rows("SELECT normal FROM names") == []


def test_documents_that_change_all_at_once_lose_no_shared_name(case: LedgerCase) -> None:
    refused: list[object] = []

    def work(name: str) -> None:
        for stamp in range(12):
            found = case.found(f"{name}.txt", stamp=str(stamp))
            patiently(case.ledger.record_documents, case.project, [found])
            work_off(case, refused)

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off(case, refused)

    assert refused == []
    assert case.ledger.counts(case.project)[DocumentStatus.COMPLETED] == 3
    assert case.rows("SELECT normal FROM names") == [("jane roe",)]
    assert case.value("SELECT count(*) FROM mentions") == 3
    assert case.value("SELECT count(*) FROM contents") == 3


def test_the_order_of_arrival_changes_nothing(case: LedgerCase, engine: Engine) -> None:
    texts = {f"d{n}": f"Jane Roe met John Smith {n} times with Roe." for n in range(4)}
    graphs = []
    for number, order in enumerate([sorted(texts), sorted(texts, reverse=True)]):
        if number:
            case.delete()
            case = LedgerCase(engine)
        for name in order:
            case.publish(name, texts[name], "Jane Roe", "John Smith")
        graphs.append(graph(case))
    assert graphs[0] == graphs[1]
    assert len(graphs[0]["mentions"]) == 8


def test_vectors_are_filled_in_later(case: LedgerCase) -> None:
    import numpy as np

    case.publish("a", LETTER, "Jane Roe")
    publisher = case.publisher()
    [(chunk, words)] = publisher.missing_vectors(10)
    assert words == LETTER

    assert publisher.store_vectors("model-1", {chunk: np.ones(384, np.float32)}) == 1

    assert publisher.missing_vectors(10) == []
    assert case.rows("SELECT vector_model, vector_dims(vector) FROM chunks") == [("model-1", 384)]


def test_chunks_are_published_with_the_vectors_that_the_cache_has(case: LedgerCase) -> None:
    """What it lacks, or has of another length, stays empty and is filled in later."""
    import numpy as np

    vector = np.linspace(-1, 1, 384, dtype=np.float32)
    vectors = MemoryVectors()
    vectors.put("model-1", {identity.text_key(LETTER): vector})
    vectors.put("model-1", {identity.text_key("short"): np.ones(3, np.float32)})
    publisher = Publisher(
        case.engine, case.project, case.plan, case.blobs, case.publishing,
        lambda _: CachedVectors(vectors, "model-1"),
    )  # fmt: skip
    run = case.run()
    case.claimed(run, "a.txt", "b.txt", "c.txt")
    case.identify(run, a=LETTER, b="short", c="unknown")

    done = publisher.persist(
        [x for data in (LETTER, "short", "unknown") for x in case.checkpoints(data)]
    )

    assert len(done.published) == 3
    [(found, model)] = case.rows(
        "SELECT vector::text, vector_model FROM chunks WHERE text = :t", t=LETTER
    )
    assert model == "model-1"
    assert np.array_equal(
        np.array(found.strip("[]").split(","), np.float32),
        np.linspace(-1, 1, 384, dtype=np.float32),
    )
    assert sorted(words for _, words in publisher.missing_vectors(10)) == ["short", "unknown"]


def test_metadata_and_pages_become_columns(case: LedgerCase) -> None:
    payloads = payloads_of(LETTER)
    ocr = payloads[StageName.OCR]
    assert isinstance(ocr, Pages)
    metadata = ocr.metadata.model_copy(
        update={"title": "A letter", "recipients": ("a@b.example", 'odd "one", {x}\\')}
    )
    payloads[StageName.OCR] = ocr.model_copy(
        update={"metadata": metadata, "language": "en", "warnings": ("page 1 is odd",)}
    )

    case.publish("a", LETTER, payloads=payloads)

    assert case.rows("SELECT title, recipients, language, warnings FROM contents") == [
        ("A letter", ["a@b.example", 'odd "one", {x}\\'], "en", ["page 1 is odd"])
    ]
    assert case.value("SELECT pages FROM contents")[0]["end"] == len(LETTER)
