"""Dropping copies in Redis: whose they are, and never what PostgreSQL does not have."""

from __future__ import annotations

import pytest
import redis
from store_case import StoreCase

from pipeline.documents import StageName
from pipeline.stores import keys
from pipeline.stores.invalidation import drop_documents, drop_lone, drop_project
from pipeline.stores.protocols import CheckpointKey

SMITH, OTHER = "John Smith met Mary Jones.", "Peter Brown met John Smith."


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    store_case.bring("a", SMITH, "John Smith")
    store_case.bring("b", OTHER, "Peter Brown")
    return store_case


def owners(valkey: redis.Redis) -> set[str]:
    return {key.decode().split(":")[1] for key in valkey.keys("doc:*")}


def test_a_documents_keys_go_and_the_others_stay(case: StoreCase, valkey: redis.Redis) -> None:
    valkey.set(keys.document_status(case.document("a.txt")), "x", ex=60)
    valkey.set(keys.document_context(case.content(SMITH)), "x", ex=60)

    assert drop_documents(case.engine, case.link, case.project, [case.uri("a.txt")]) == 7

    assert owners(valkey) == {case.content(OTHER)}


def test_of_a_file_that_changed_only_the_present_copies_are_a_documents(
    case: StoreCase, valkey: redis.Redis
) -> None:
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    run = case.run()
    case.ledger.claim(run, 100)
    case.identify(run, a="Other words.")
    case.put(case.checkpoints("Other words.", None))
    case.drain()
    assert owners(valkey) == {case.content(x) for x in (SMITH, OTHER, "Other words.")}

    assert drop_documents(case.engine, case.link, case.project, [case.uri("a.txt")]) == 5
    assert owners(valkey) == {case.content(SMITH), case.content(OTHER)}
    assert all(valkey.ttl(name) > 0 for name in valkey.keys("doc:*"))

    drop_project(case.engine, case.link, case.project)
    assert owners(valkey) == set()


def test_a_projects_keys_go_and_another_projects_stay(case: StoreCase, valkey: redis.Redis) -> None:
    other = StoreCase(case.engine, name="other", url=case.url)
    other.bring("a", SMITH, "John Smith")
    other.close()
    for project in (case.project, other.project):
        valkey.set(keys.canonicals(project), "x", ex=60)
    valkey.set(keys.embedding("model", "hash"), "x", ex=60)

    assert drop_project(case.engine, case.link, case.project) == 11

    assert owners(valkey) == {other.content(SMITH)}
    assert not valkey.exists(keys.canonicals(case.project))
    assert valkey.exists(keys.canonicals(other.project), keys.embedding("model", "hash")) == 2


def test_what_postgresql_does_not_have_is_never_dropped(
    case: StoreCase, valkey: redis.Redis
) -> None:
    run = case.run()
    case.claimed(run, "c.txt")
    case.identify(run, c="on its way")
    made = case.checkpoints("on its way")
    case.put(made)
    held = case.queue.backlog()

    drop_project(case.engine, case.link, case.project)
    drop_lone(case.engine, case.link)

    assert owners(valkey) == {case.content("on its way")}
    assert case.queue.backlog() == held
    case.drain()
    assert case.status("c.txt")[0] == "completed"


def test_dropping_a_content_keeps_the_count_of_unpersisted_bytes(
    case: StoreCase, valkey: redis.Redis
) -> None:
    case.put(case.checkpoints("gone", salt="x"))
    assert case.queue.backlog().bytes > 0
    assert case.fast.drop([case.content("gone"), case.content(SMITH)]) == 10
    assert case.queue.backlog().bytes == 0
    assert owners(valkey) == {case.content(OTHER)}


def test_discarding_what_is_not_there_is_harmless(case: StoreCase) -> None:
    case.fast.discard([CheckpointKey(case.content(SMITH), StageName.OCR, "never")])
    case.fast.discard([])
    assert case.queue.backlog().bytes == 0
