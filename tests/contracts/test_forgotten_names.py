"""Which documents a name means to `forget` and `invalidate`: as `run` takes it, or as printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_case import LedgerCase

from pipeline.errors import UsageError
from pipeline.s3_names import ObjectName
from pipeline.stores.forgetting import Forgetting
from pipeline.walking import FoundFile, printable, uri_of


def objects(case: LedgerCase, *keys: str) -> None:
    """Record objects of a bucket, as a walk does."""
    names = [ObjectName(bucket="bucket", key=key) for key in keys]
    record(case, *((name.uri, printable(name.shown)) for name in names))


def record(case: LedgerCase, *documents: tuple[str, str]) -> None:
    found = [FoundFile(uri=uri, source=source, size=1, stamp="1") for uri, source in documents]
    case.ledger.record_documents(case.project, found)


def forget(case: LedgerCase, name: str) -> int:
    forgetting = Forgetting(case.engine, case.project, case.blobs, lambda _: None)
    counted = forgetting.count([name]).documents
    assert forgetting.forget([name]).documents == counted
    return counted


def left(case: LedgerCase) -> set[str]:
    return {source.removeprefix("s3://bucket/") for (source,) in case.rows(
        "SELECT source FROM documents")}  # fmt: skip


def id_of(case: LedgerCase, source: str) -> str:
    return str(case.value("SELECT id::text FROM documents WHERE source = :s", s=source))


@pytest.mark.parametrize(
    "folder",
    ["plain", "my folder", "Büro", "a#b", "c++", "100%", "up/../down", "odd//parts", "文書"],
)
def test_an_object_and_a_prefix_are_named_as_they_are_typed_printed_or_by_uri(
    case: LedgerCase, folder: str
) -> None:
    keys = [f"{folder}/x?.txt", f"{folder}/in/y.txt", f"{folder}-other/x.txt"]
    names = [f"s3://bucket/{keys[0]}", ObjectName(bucket="bucket", key=keys[0]).uri]
    for name in names:
        objects(case, *keys)
        assert forget(case, name) == 1
        assert left(case) == set(keys[1:])
    prefix = ObjectName(bucket="bucket", key=folder)
    for name in (prefix.shown, f"{prefix.shown}/", prefix.uri, f"{prefix.uri}/"):
        objects(case, *keys)
        assert forget(case, name) == 2
        assert left(case) == set(keys[2:])


def test_a_bucket_means_all_in_it_and_no_bucket_means_nothing(case: LedgerCase) -> None:
    objects(case, "a b", "c/d")
    record(case, ("s3://bucket-2/x", "s3://bucket-2/x"))
    for nothing in ("s3://", "s3:///a b"):
        with pytest.raises(UsageError, match="s3://BUCKET"):
            forget(case, nothing)
    assert forget(case, "s3://bucket") == 2
    assert left(case) == {"s3://bucket-2/x"}


def test_a_slash_at_the_end_of_a_key_counts_as_it_does_for_a_run(case: LedgerCase) -> None:
    objects(case, "k", "k/", "k/a", "k//b", "k2")
    assert forget(case, "s3://bucket/k//") == 1
    assert forget(case, "s3://bucket/k/") == 2
    assert left(case) == {"k", "k2"}


def test_a_key_that_is_anothers_uri_is_not_guessed(case: LedgerCase) -> None:
    objects(case, "a#b", "a%23b")
    first, second = (id_of(case, f"s3://bucket/{key}") for key in ("a#b", "a%23b"))

    with pytest.raises(UsageError) as refused:
        forget(case, "s3://bucket/a%23b")

    words = str(refused.value)
    assert f"s3://bucket/a%23b (id {second})" in words
    assert f"s3://bucket/a#b (id {first})" in words
    assert "\n" not in words
    assert left(case) == {"a#b", "a%23b"}
    assert forget(case, second) == 1
    assert left(case) == {"a#b"}
    assert forget(case, "s3://bucket/a%23b") == 1  # now it means one thing only


def test_a_prefix_that_is_anothers_uri_is_not_guessed(case: LedgerCase) -> None:
    objects(case, "a b/1", "a%20b/2")
    with pytest.raises(UsageError, match="can mean"):
        forget(case, "s3://bucket/a%20b/")
    assert forget(case, "s3://bucket/a b") == 1
    assert left(case) == {"a%20b/2"}


def test_what_cannot_be_printed_is_found_as_it_is_printed(case: LedgerCase) -> None:
    objects(case, "nul\x00/a", "other")
    assert forget(case, "s3://bucket/nul\ufffd/a") == 1
    objects(case, "nul\x00/a", "nul\ufffd/a")
    with pytest.raises(UsageError, match="can mean"):
        forget(case, "s3://bucket/nul\ufffd/a")


def test_a_folder_as_it_was_typed_elsewhere_is_found_whatever_is_in_its_name(
    case: LedgerCase,
) -> None:
    names = ("my docs/Büro #1/a b.txt", "my docs/c.txt", "my docs 2/d.txt")
    record(case, *((uri_of(Path("/elsewhere") / name), name) for name in names))
    assert forget(case, "my docs/") == 2
    assert left(case) == {"my docs 2/d.txt"}


def test_a_path_that_means_one_document_here_and_is_printed_for_another_is_not_guessed(
    case: LedgerCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here, there = uri_of("docs/a.txt"), uri_of("/elsewhere/docs/a.txt")
    record(case, (here, "docs/a.txt"), (there, "docs/a.txt"))
    for name in ("docs/a.txt", "docs"):
        with pytest.raises(UsageError) as refused:
            forget(case, name)
        assert here in str(refused.value)
        assert there in str(refused.value)
    assert forget(case, str(tmp_path / "docs")) == 1
    assert forget(case, "docs/a.txt") == 1


def test_two_folders_that_are_printed_alike_are_not_guessed(case: LedgerCase) -> None:
    record(case, *((uri_of(f"/{at}/in/{at}.txt"), f"in/{at}.txt") for at in ("one", "two")))
    record(case, (uri_of("/three/up/x.txt"), "down/../up/x.txt"))
    with pytest.raises(UsageError, match="can mean"):
        forget(case, "in")
    with pytest.raises(UsageError, match="absolute path"):
        forget(case, "down")
    assert forget(case, uri_of("/one/in")) == 1
