"""Members of containers become documents, in the transaction that completes the container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_case import MEDIA, LedgerCase, payloads_of, plan_of, sha_of
from sqlalchemy import Engine, text

from pipeline import identity
from pipeline.assembly import open_publishers
from pipeline.documents import Member
from pipeline.settings import ArchiveLimits, Limits, Settings
from pipeline.stores import project_reader
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Identified, Ledger, Publishing
from pipeline.stores.protocols import Checkpoint


def member(path: str, data: str, size: int = 5) -> Member:
    return Member(path=path, sha256=sha_of(data), size=size)


def container(case: LedgerCase, data: str, *members: Member) -> list:
    return case.checkpoints(data, payloads_of(data, members=members))


def uris(case: LedgerCase) -> list[str]:
    return [
        uri.removeprefix("file:///corpus/")
        for (uri,) in case.rows('SELECT uri FROM documents ORDER BY uri COLLATE "C"')
    ]


def open_container(case: LedgerCase, name: str, data: str, *members: Member) -> str:
    """Record, claim and identify a container, persist it, and return the run."""
    run = case.run()
    case.claimed(run, f"{name}.txt")
    case.identify(run, **{name: data})
    case.publisher().persist(container(case, data, *members))
    return run


def identify_member(case: LedgerCase, run: str, name: str, data: str) -> None:
    """Claim what there is and say what one member's bytes are."""
    case.ledger.claim(run, 100)
    row = Identified(
        document_id=case.document(name),
        claim=case.claim_of(case.document(name)),
        sha256=sha_of(data),
        media_type=MEDIA,
        size=5,
    )
    case.ledger.identified(run, case.plan, [row])


def test_members_become_documents_of_each_copy(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a="zip", b="zip")

    persisted = case.publisher().persist(
        container(case, "zip", member("x/one.txt", "1"), member("two.txt", "2"))
    )

    assert persisted.members_admitted == 4
    assert uris(case) == [
        "a.txt", "a.txt!/two.txt", "a.txt!/x/one.txt",
        "b.txt", "b.txt!/two.txt", "b.txt!/x/one.txt",
    ]  # fmt: skip
    [row] = case.rows(
        "SELECT source, parent_id::text, root_id::text, depth, blob, size, stamp, status"
        " FROM documents WHERE uri = :uri",
        uri=case.uri("a.txt!/x/one.txt"),
    )
    parent = case.document("a.txt")
    sha = sha_of("1")
    assert row == ("corpus/a.txt!/x/one.txt", parent, parent, 1, sha, 5, sha, "pending")


def test_a_copy_that_comes_later_brings_its_members(case: LedgerCase) -> None:
    open_container(case, "a", "zip", member("one.txt", "1"))
    run = case.run()
    case.claimed(run, "later.txt")

    work = case.identify(run, later="zip")[case.document("later.txt")]

    assert work.published
    assert "later.txt!/one.txt" in uris(case)


def test_a_member_that_is_called_like_one_of_the_archive_beside_it_is_another(
    case: LedgerCase,
) -> None:
    run = open_container(
        case, "a", "zip", member("in.zip", "in"), member("in.zip!/b.txt", "1"), member("c", "2")
    )
    identify_member(case, run, "a.txt!/in.zip", "inner")

    case.publisher().persist(container(case, "inner", member("b.txt", "3")))

    blobs = dict(case.rows("SELECT uri, blob FROM documents WHERE parent_id IS NOT NULL"))
    assert blobs == {
        case.uri("a.txt!/c"): sha_of("2"),
        case.uri("a.txt!/in.zip"): sha_of("in"),
        case.uri("a.txt!/in.zip!/b.txt"): sha_of("3"),
        case.uri("a.txt!/in.zip%21/b.txt"): sha_of("1"),
    }


@pytest.mark.parametrize("of", ["nobody", "a container"])
def test_a_member_whose_id_another_document_has_fails_its_container(
    case: LedgerCase, of: str
) -> None:
    """No walk finds such a file: it stands for what an earlier version wrote."""
    run = case.run()
    case.claimed(run, "a.txt", "a.txt!/in.txt", "good.txt")
    if of == "a container":
        case.identify(run, good="holds")
        case.publisher().persist(container(case, "holds", member("x.txt", "x")))
        with case.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE documents SET parent_id = g.id, root_id = g.id, depth = 1 FROM"
                    " documents g WHERE documents.uri LIKE '%!/in.txt' AND g.uri LIKE '%/good.txt'"
                )
            )
    before = case.rows("SELECT * FROM documents WHERE uri LIKE '%in.txt'")
    case.identify(run, a="zip")

    persisted = case.publisher().persist(container(case, "zip", member("in.txt", "1")))

    assert [content for content, _ in persisted.refused] == [case.content("zip")]
    assert case.status("a.txt") == ("failed", False, None)
    [failure] = case.failures()
    assert failure.error == "id_taken"
    assert case.uri("a.txt!/in.txt") in failure.message
    holder = "no container" if of == "nobody" else case.uri("good.txt")
    assert f"in {holder})" in failure.message
    assert case.rows("SELECT * FROM documents WHERE uri LIKE '%in.txt'") == before


def test_members_are_claimed_before_other_documents(case: LedgerCase) -> None:
    case.ledger.record_documents(
        case.project, [case.found(name) for name in ("a.txt", "z1.txt", "z2.txt")]
    )
    run = case.run()
    [first] = case.ledger.claim(run, 1)
    name = first.uri.rsplit("/", 1)[1].removesuffix(".txt")
    case.identify(run, **{name: "zip"})
    case.publisher().persist(container(case, "zip", member("in.txt", "1")))

    [then] = case.ledger.claim(run, 1)

    assert then.uri == f"{first.uri}!/in.txt"
    assert (then.name, then.blob, then.root_id) == ("in.txt", sha_of("1"), first.document_id)


def test_members_that_a_new_version_lacks_are_gone(case: LedgerCase) -> None:
    run = open_container(case, "a", "zip", member("old.txt", "1"), member("same.txt", "2"))
    identify_member(case, run, "a.txt!/old.txt", "Jane Roe.")
    case.publisher().persist(case.checkpoints("Jane Roe.", None, "Jane Roe"))
    assert case.value("SELECT count(*) FROM names") == 1
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a="zip2")

    persisted = case.publisher().persist(
        container(case, "zip2", member("same.txt", "2"), member("new.txt", "3"))
    )

    assert uris(case) == ["a.txt", "a.txt!/new.txt", "a.txt!/same.txt"]
    assert persisted.members_admitted == 1
    assert case.content("Jane Roe.") in persisted.gone
    assert case.value("SELECT count(*) FROM names") == 0


def test_a_member_with_other_bytes_is_pending_again(case: LedgerCase) -> None:
    run = open_container(case, "a", "zip", member("in.txt", "1"))
    identify_member(case, run, "a.txt!/in.txt", "one")
    case.publisher().persist(case.checkpoints("one"))
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a="zip2")

    case.publisher().persist(container(case, "zip2", member("in.txt", "2")))

    assert case.status("a.txt!/in.txt") == ("pending", False, case.content("one"))


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (ArchiveLimits(max_members=2), "max_members"),
        (ArchiveLimits(max_bytes=14), "max_bytes"),
    ],
)
def test_a_container_over_the_budget_fails_and_admits_nothing(
    engine: Engine, limits: ArchiveLimits, word: str
) -> None:
    case = LedgerCase(engine, limits=limits)
    run = case.run()
    case.claimed(run, "bomb.txt", "good.txt")
    case.identify(run, bomb="bomb", good="good")

    persisted = case.publisher().persist(
        [
            *container(case, "bomb", *(member(f"{n}.txt", str(n)) for n in range(3))),
            *container(case, "good", member("in.txt", "1")),
        ]
    )

    assert uris(case) == ["bomb.txt", "good.txt", "good.txt!/in.txt"]
    assert [content for content, _ in persisted.refused] == [case.content("bomb")]
    assert case.status("bomb.txt") == ("failed", False, None)
    [failure] = case.failures()
    assert failure.error == "archive_bomb"
    assert word in failure.message


@pytest.mark.parametrize("order", [("p.txt", "q.txt"), ("q.txt", "p.txt")])
def test_nested_archives_share_the_budget_whatever_comes_first(
    engine: Engine, order: tuple[str, str]
) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_members=6))
    case.publish("other", "Other.")
    run = open_container(case, "root", "root", member("p.txt", "p"), member("q.txt", "q"))
    for name in order:
        inner = f"root.txt!/{name}"
        identify_member(case, run, inner, f"inner {name}")
        case.publisher().persist(
            container(case, f"inner {name}", *(member(f"{n}.txt", str(n)) for n in range(3)))
        )

    assert uris(case) == ["other.txt", "root.txt"]
    assert case.status("root.txt") == ("failed", False, None)
    assert [row.error for row in case.failures()] == ["archive_bomb"]
    assert case.value("SELECT count(*) FROM contents") == 1


def nested(case: LedgerCase, sizes: tuple[int, int]) -> None:
    """Bring a file of 1 MB that holds two small archives, each with one file of that size."""
    case.ledger.record_documents(case.project, [case.found("root.txt", size=1 << 20)])
    run = case.run()
    case.ledger.claim(run, 10)
    case.identify(run, root="root")
    case.publisher().persist(container(case, "root", member("p.txt", "p"), member("q.txt", "q")))
    for name, size in zip(("p", "q"), sizes, strict=True):
        identify_member(case, run, f"root.txt!/{name}.txt", f"inner {name}")
        case.publisher().persist(container(case, f"inner {name}", member("in.txt", name, size)))


def test_the_ratio_is_that_of_all_there_is_to_the_top_level_file(engine: Engine) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_ratio=100))
    half = 60 << 20  # each alone is within what one archive may have

    nested(case, (half, half))

    assert uris(case) == ["root.txt"]
    [failure] = case.failures()
    assert failure.error == "archive_bomb"
    assert "limits.archive.max_ratio = 100" in failure.message
    assert "casegraph retry" in failure.message


def test_what_fails_over_the_budget_is_taken_when_it_is_retried_with_a_larger_one(
    engine: Engine,
) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_ratio=100))
    half = 60 << 20
    nested(case, (half, half))
    case.limits = ArchiveLimits(max_ratio=200)
    case.ledger = case.ledger_on(engine)
    case.ledger.open_project(case.name, case.plan)
    case.ledger.retry(case.project)

    nested(case, (half, half))

    assert case.failures() == []
    assert "root.txt!/q.txt!/in.txt" in uris(case)


def test_one_that_fails_where_it_is_identified_is_told_also_to_who_did_not_hear_of_it(
    engine: Engine,
) -> None:
    """Its results are there already; PostgreSQL may go away with the answer."""
    case = LedgerCase(engine, limits=ArchiveLimits(max_members=1))
    open_container(case, "a", "zip", member("x.txt", "x"), member("y.txt", "y"))
    assert case.status("a.txt")[0] == "failed"
    case.ledger.retry(case.project)
    run = case.run()
    case.ledger.claim(run, 10)

    works = [case.identify(run, a="zip")[case.document("a.txt")] for _ in range(2)]

    assert [(work.failed, work.published) for work in works] == [(True, False)] * 2
    assert len(case.failures()) == 1


def test_a_large_file_may_hold_much(engine: Engine) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_ratio=100))

    nested(case, (60 << 20, 39 << 20))

    assert case.failures() == []
    assert "root.txt!/q.txt!/in.txt" in uris(case)


def test_an_archive_that_holds_itself_ends(engine: Engine) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_depth=4))
    run = open_container(case, "quine", "quine", member("quine.txt", "quine"))

    while claimed := case.ledger.claim(run, 10):
        rows = [
            Identified(
                document_id=x.document_id,
                claim=x.claim,
                sha256=sha_of("quine"),
                media_type=MEDIA,
                size=5,
            )
            for x in claimed
        ]
        case.ledger.identified(run, case.plan, rows)

    assert uris(case) == ["quine.txt"]
    [failure] = case.failures()
    assert (failure.error, "max_depth" in failure.message) == ("archive_bomb", True)


def test_a_container_that_outgrows_the_budget_keeps_its_old_members(engine: Engine) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_members=2))
    run = open_container(case, "a", "zip", member("one.txt", "1"))
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a="zip2")

    case.publisher().persist(
        container(case, "zip2", *(member(f"{n}.txt", str(n)) for n in range(3)))
    )

    assert case.status("a.txt") == ("failed", True, case.content("zip"))
    assert uris(case) == ["a.txt", "a.txt!/one.txt"]


def test_deleting_a_project_removes_the_objects_nobody_else_has(
    case: LedgerCase, engine: Engine, tmp_path: Path
) -> None:
    objects = [sha_of("1"), sha_of("2")]
    for sha256 in objects:
        (tmp_path / sha256).write_text("bytes")
        case.blobs.put_file(tmp_path / sha256, sha256)
    open_container(case, "a", "zip", member("one.txt", "1"), member("two.txt", "2"))
    other = LedgerCase(engine, name="other")
    open_container(other, "a", "zip", member("one.txt", "1"))

    assert case.held(objects) == objects

    assert case.delete() == 3

    assert case.held(objects) == [sha_of("1")]
    assert [row.name for row in project_reader.projects(engine)] == ["other"]
    assert case.value("SELECT count(*) FROM documents") == 2
    assert identity.project_id("other") == other.project


def test_whoever_reads_the_queue_publishes_by_the_limits_of_the_project(
    case: LedgerCase, valkey_url: str, tmp_path: Path
) -> None:
    """Of another run, or of `services stop` where another shell had set them."""
    url = case.engine.url.render_as_string(hide_password=False)
    others = Settings(home=tmp_path, limits=Limits(archive=ArchiveLimits(max_members=1)))
    of_others = open_publishers(others, ServiceUrls(database_url=url, redis_url=valkey_url))
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="zip")
    publisher = of_others(case.project)
    assert publisher is not None

    publisher.persist(container(case, "zip", member("x.txt", "x"), member("y.txt", "y")))

    assert case.status("a.txt")[0] == "completed"
    assert case.failures() == []
    assert len(uris(case)) == 3


@pytest.fixture
def read(
    engine: Engine, valkey_url: str, tmp_path: Path
) -> Callable[[LedgerCase, list[Checkpoint]], None]:
    """Give the reader of another project's run, which persists what is queued of this one."""
    url = engine.url.render_as_string(hide_password=False)
    of_others = open_publishers(
        Settings(home=tmp_path), ServiceUrls(database_url=url, redis_url=valkey_url)
    )

    def persist(case: LedgerCase, checkpoints: list[Checkpoint]) -> None:
        publisher = of_others(case.project)
        assert publisher is not None
        publisher.persist(checkpoints)

    return persist


def test_limits_that_a_project_raised_hold_for_who_read_its_results_before(
    engine: Engine, read: Callable[[LedgerCase, list[Checkpoint]], None]
) -> None:
    case = LedgerCase(engine, limits=ArchiveLimits(max_members=1))
    made = container(case, "zip", member("x.txt", "x"), member("y.txt", "y"))
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="zip")
    read(case, made)
    assert case.status("a.txt")[0] == "failed"
    case.limits = ArchiveLimits(max_members=2)
    case.ledger = case.ledger_on(engine)
    case.ledger.open_project(case.name, case.plan)
    case.ledger.retry(case.project)

    read(case, made)

    assert case.status("a.txt")[0] == "completed"
    assert case.failures() == []


def test_a_reader_without_the_embedding_model_of_a_project_publishes_without_vectors(
    engine: Engine, read: Callable[[LedgerCase, list[Checkpoint]], None]
) -> None:
    case = LedgerCase(engine)
    by = Publishing(archive=ArchiveLimits(), embedding_model="of_another.machine")
    Ledger(engine, publishing=by).open_project(case.name, case.plan)
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="text")

    read(case, case.checkpoints("text"))

    assert case.status("a.txt")[0] == "completed"
    assert len(case.publisher().missing_vectors(10)) == 1


def test_who_read_results_of_a_project_before_its_plan_changed_publishes_by_the_new_one(
    engine: Engine, read: Callable[[LedgerCase, list[Checkpoint]], None]
) -> None:
    """But for what it learns that with: that is written, and the project's run publishes it."""
    case = LedgerCase(engine)
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a="zip", b="other")
    read(case, container(case, "zip"))
    assert case.status("a.txt")[0] == "completed"
    case.plan = plan_of(ocr="2")
    case.ledger.open_project(case.name, case.plan, reconfigure=True)
    case.ledger.claim(run, 10)
    case.identify(run, a="zip")

    read(case, container(case, "zip"))
    read(case, container(case, "other"))

    assert case.status("a.txt")[0] == "running"
    assert case.status("b.txt")[0] == "completed"
    assert case.publisher().publish([case.content("zip")]).published == (case.content("zip"),)
