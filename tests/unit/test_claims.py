"""What a run counts of its documents."""

import pytest

from actors.claims import CHANGES, Claims, Expected
from pipeline.documents import DocumentFailure, StageName
from pipeline.stores.ledger import Claimed

FAILURE = DocumentFailure(stage=StageName.RELATE, error="refused", message="it was refused")


CLAIMED = Claimed(
    document_id="a", uri="file:///a", source="a", size=1, stamp="1", attempts=1, claim=1
)


@pytest.fixture
def claims() -> Claims:
    """Claim three documents, of which `a` and `copy` have one content."""
    claims = Claims(total=3)
    claims.add(
        CLAIMED.model_copy(update={"document_id": name, "uri": f"file:///{name}", "source": name})
        for name in ("a", "copy", "other")
    )
    claims.wait("content", "a")
    claims.wait("another", "other")
    return claims


def counts(claims: Claims) -> tuple[int, int, int]:
    return claims.processed, claims.completed, claims.failed


def test_what_is_expected_grows_beside_what_containers_bring() -> None:
    claims = Claims(5, Expected(5, more=True))
    claims.total += 2
    assert claims.expect(Expected(8, more=True))
    assert not claims.expect(Expected(8))
    assert (claims.total, claims.expected.more) == (10, False)


def test_a_document_waits_for_one_content_and_for_none_once_it_is_claimed_anew(
    claims: Claims,
) -> None:
    claims.wait("changed", "a")
    assert (claims.waiting("content"), claims.waiting("changed")) == ([], ["a"])
    claims.wait("content", "copy")
    claims.add([CLAIMED.model_copy(update={"document_id": "copy", "claim": 2})])
    assert claims.waiting("content") == []
    assert not claims.leave("content", "copy")


def test_what_is_set_aside_is_known_and_no_more(claims: Claims) -> None:
    claims.set_aside([*claims.abandon("content"), "unknown"])
    assert "a" in claims
    assert "unknown" not in claims
    assert claims.source("content") is None
    assert claims.fail(["a"], FAILURE) == []
    claims.add([CLAIMED.model_copy(update={"claim": 2})])
    assert claims.located("a").uri == CLAIMED.uri


def test_what_is_published_at_once_is_processed_too(claims: Claims) -> None:
    claims.publish([], ["copy"])

    assert counts(claims) == (1, 1, 0)


def test_a_copy_that_comes_when_its_content_is_processed_is_so_too(claims: Claims) -> None:
    claims.count_processed(["content"])
    assert counts(claims) == (1, 0, 0)

    claims.wait("content", "copy")
    assert counts(claims) == (2, 0, 0)

    claims.publish(["content"], ["a", "copy"])
    assert counts(claims) == (2, 2, 0)


def test_what_a_killed_run_left_in_the_queue_is_processed_when_it_is_persisted(
    claims: Claims,
) -> None:
    claims.publish(["unknown"], ["left"])

    assert counts(claims) == (1, 1, 0)


def test_a_content_that_goes_through_the_stages_again_counts_once(claims: Claims) -> None:
    claims.count_processed(["content"])
    claims.count_processed(["content"])

    assert claims.processed == 1


def test_a_processed_document_that_is_refused_has_failed(claims: Claims) -> None:
    claims.count_processed(["content", "another"])

    claims.fail(claims.abandon("content"), FAILURE)

    assert counts(claims) == (1, 0, 1)


def test_a_document_is_held_under_its_latest_claim_only(claims: Claims) -> None:
    before = Claimed(document_id="x", uri="file:///x", source="x", size=1, stamp="1", attempts=1,
                     claim=7)  # fmt: skip
    now = before.model_copy(update={"claim": 8})
    claims.add([before])
    assert claims.holds(before)
    claims.add([now])
    assert [claims.holds(before), claims.holds(now)] == [False, True]
    claims.lose(["x"])
    assert not claims.holds(now)


def test_what_is_claimed_anew_does_not_fail_with_the_bytes_of_before(claims: Claims) -> None:
    claims.wait("content", "copy")
    claims.add([Claimed(document_id="a", uri="file:///a", source="a", size=2, stamp="2",
                        attempts=1, claim=2)])  # fmt: skip
    claims.wait("new", "a")

    assert claims.fail(claims.abandon("content"), FAILURE) == [("copy", 1, FAILURE)]
    assert claims.fail(claims.abandon("new"), FAILURE) == [("a", 2, FAILURE)]


def test_one_that_runs_once_more_fails_under_the_newest_claim(claims: Claims) -> None:
    claims.renumber({"a": 9, "gone": 10})

    assert claims.fail(["a", "gone", "copy"], FAILURE) == [
        ("a", 9, FAILURE), ("copy", 1, FAILURE)
    ]  # fmt: skip


def test_what_a_run_beside_this_one_has_is_counted_there(claims: Claims) -> None:
    claims.publish(["content"], ["a", "theirs", "left"], {"a", "theirs"})

    assert counts(claims) == (2, 2, 0), "its own, and what nobody else counts"


def test_a_content_is_read_from_a_document_that_waits_for_it_until_none_does(
    claims: Claims,
) -> None:
    claims.wait("content", "copy")
    seen = []
    while source := claims.source("content"):
        document, located = source
        seen.append((document, located.uri))
        assert claims.leave("content", document)
        assert not claims.leave("content", document)
    assert seen == [("a", "file:///a"), ("copy", "file:///copy")]
    assert claims.source("another") is not None
    assert not claims.leave("unknown", "a")


def test_a_content_is_not_read_from_a_document_that_another_run_has(claims: Claims) -> None:
    claims.wait("content", "copy")
    claims.lose(["a"])

    assert claims.source("content") == ("copy", claims.located("copy"))


def test_who_leaves_a_content_does_not_fail_with_it(claims: Claims) -> None:
    claims.wait("content", "copy")
    claims.leave("content", "a")

    assert claims.fail(claims.abandon("content"), FAILURE) == [("copy", 1, FAILURE)]


def test_a_document_that_is_changed_again_and_again_fails_and_says_what_to_do(
    claims: Claims,
) -> None:
    answers = [claims.changed("a") for _ in range(CHANGES)]

    assert answers[:-1] == [None] * (CHANGES - 1)
    last = answers[-1]
    assert last is not None
    assert (last.stage, last.error) == (StageName.OCR, "source_changing")
    assert last.message == (
        "it was changed 3 times while it was read; run again when nobody writes to it"
    )
    assert claims.changed("copy") is None
