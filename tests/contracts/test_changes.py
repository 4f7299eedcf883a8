"""What the registry is told: every name that came, went, or got other keys, with each content that
readers see anew or no more. Replayed in their order, the changes give the names that are there.
"""

from __future__ import annotations

import threading
from collections import Counter
from random import Random

import pytest
from ledger_case import LedgerCase, payloads_of, plan_of

from pipeline.documents import Names, Payload, StageName
from pipeline.errors import TemporaryError
from pipeline.stage import Plan
from pipeline.stores.forgetting import Forgetting

LETTER = "Jane Roe met John Smith, and Roe left."
PEOPLE = ("Jane Roe", "John Smith", "Roe")
Change = tuple[str, str, list[str] | None]


def changes(case: LedgerCase, after: int = 0) -> list[Change]:
    """Read the changes after one, with the names' normal forms in the place of what is there."""
    names = dict(case.rows("SELECT id::text, normal FROM names"))
    found = "SELECT kind, subject, keys FROM changes WHERE id > :after ORDER BY id"
    return [(kind, names.get(x, x), keys) for kind, x, keys in case.rows(found, after=after)]


def last(case: LedgerCase) -> int:
    return int(case.value("SELECT coalesce(max(id), 0) FROM changes"))


def forget(case: LedgerCase, name: str) -> None:
    forgetting = Forgetting(case.engine, case.project, case.blobs, lambda _: None)
    forgetting.forget([case.uri(f"{name}.txt")])


def with_keys(words: str, people: tuple[str, ...], key: str) -> dict[StageName, Payload]:
    """Make payloads as another version of `resolve` would: with other keys."""
    payloads = payloads_of(words, people)
    names = payloads[StageName.RESOLVE]
    assert isinstance(names, Names)
    renamed = tuple(name.model_copy(update={"keys": (key, name.normal)}) for name in names.names)
    return {**payloads, StageName.RESOLVE: names.model_copy(update={"names": renamed})}


def publish_again(
    case: LedgerCase, plan: Plan, name: str, words: str, payloads: dict[StageName, Payload]
) -> None:
    """Bring a published document through under another plan."""
    case.ledger.open_project(case.name, plan, reconfigure=True)
    run = case.run()
    case.ledger.claim(run, 100)
    work = case.identify(run, plan, **{name: words})[case.document(f"{name}.txt")]
    made = case.checkpoints(words, payloads, plan=plan, chain=work.chain)
    case.publisher(plan).persist(made)
    case.ledger.end_run(run, "finished", {})


def replayed(case: LedgerCase) -> dict[str, list[str] | None]:
    """Replay the changes: name → the keys that it had before they were last replaced, if ever.

    A name comes only where it is not, and goes or changes only where it is.
    """
    there: dict[str, list[str] | None] = {}
    for kind, subject, keys in case.rows("SELECT kind, subject, keys FROM changes ORDER BY id"):
        if kind == "name_added":
            assert subject not in there
            there[subject] = None
        elif kind == "name_removed":
            assert keys is not None
            del there[subject]
        elif kind == "name_rekeyed":
            assert subject in there
            there[subject] = keys
    return there


def test_names_that_come_are_told_once(case: LedgerCase) -> None:
    case.publish("a", LETTER, *PEOPLE)
    added = [("name_added", normal, None) for normal in ("jane roe", "john smith", "roe")]
    published = ("published", case.content(LETTER), None)
    assert sorted(changes(case)) == sorted([*added, published])

    before = last(case)
    case.publish("copy", LETTER)
    assert changes(case, before) == [], "its content is shown already"

    case.publish("b", "John Smith met Ann Lee.", "John Smith", "Ann Lee")
    assert changes(case, before) == [
        ("name_added", "ann lee", None),
        ("published", case.content("John Smith met Ann Lee."), None),
    ]


def test_names_that_go_are_told_with_their_keys(case: LedgerCase) -> None:
    """A content that goes, with the names that it mentioned."""
    case.publish("a", LETTER, *PEOPLE)
    case.publish("b", "John Smith slept.", "John Smith")
    ids = {normal: id_ for id_, normal in case.rows("SELECT id::text, normal FROM names")}
    before = last(case)

    forget(case, "a")

    gone = changes(case, before)
    assert sorted(gone) == sorted(
        [
            ("name_removed", ids["jane roe"], ["jan"]),
            ("name_removed", ids["roe"], ["roe"]),  # a name of this content alone
            ("removed", case.content(LETTER), sorted(ids.values())),
        ]
    )
    forget(case, "b")
    assert replayed(case) == {}


def test_what_was_never_published_is_not_told(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    case.publisher().persist(case.checkpoints(LETTER, None, *PEOPLE)[:4])

    forget(case, "a")

    assert case.value("SELECT count(*) FROM contents") == 0
    assert changes(case) == []


def test_names_with_other_keys_are_told_with_those_that_they_had(case: LedgerCase) -> None:
    people = ("Jane Roe", "John Smith")
    case.publish("a", LETTER, *people)
    case.publish("b", "John Smith slept.", "John Smith")
    before = last(case)
    ids = {normal: id_ for id_, normal in case.rows("SELECT id::text, normal FROM names")}
    plan = plan_of(resolve="2")

    publish_again(case, plan, "a", LETTER, with_keys(LETTER, people, "new"))

    assert sorted(changes(case, before)) == [
        ("name_rekeyed", "jane roe", ["jan"]),
        ("name_rekeyed", "john smith", ["joh"]),
        ("published", case.content(LETTER), sorted(ids.values())),
    ]
    keys = dict(case.rows("SELECT normal, keys FROM names"))
    assert keys == {"jane roe": ["jane roe", "new"], "john smith": ["john smith", "new"]}

    before = last(case)
    words = "John Smith slept."
    publish_again(case, plan, "b", words, with_keys(words, ("John Smith",), "new"))
    assert changes(case, before) == [("published", case.content(words), [ids["john smith"]])]


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_the_changes_replay_to_the_names(case: LedgerCase, seed: int) -> None:
    chosen = Random(seed)
    people = ("Jane Roe", "John Smith", "Ann Lee", "Roe", "Smith")
    there: dict[str, str] = {}
    for step in range(20):
        name = f"d{chosen.randrange(4)}"
        if name in there:
            forget(case, name)
            del there[name]
            continue
        some = chosen.sample(people, chosen.randrange(4))
        words = f"{', '.join(some)} came. {step % 3}"
        payloads = with_keys(words, tuple(some), f"key {step % 4}")
        case.publish(name, words, payloads=payloads)
        there[name] = words

    assert replayed(case).keys() == {id_ for (id_,) in case.rows("SELECT id::text FROM names")}
    kinds = Counter(kind for (kind,) in case.rows("SELECT kind FROM changes"))
    assert min(kinds[kind] for kind in ("name_added", "name_removed", "name_rekeyed")) > 0
    shown = {content for kind, content, _ in changes(case) if kind == "published"}
    assert shown >= {case.content(words) for words in there.values()}


def test_who_publishes_and_forgets_at_once_tells_of_one_name_in_its_order(case: LedgerCase) -> None:
    """One name that goes with its last mention, and comes again by another's hand."""

    def patiently(name: str) -> None:
        for number in range(12):
            words = f"{name} {number}: Jane Roe left."
            while True:
                try:
                    case.publish(f"{name}{number}", words, "Jane Roe")
                    forget(case, f"{name}{number}")
                except TemporaryError:
                    continue
                break

    threads = [threading.Thread(target=patiently, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert case.value("SELECT count(*) FROM names") == 0
    assert replayed(case) == {}
    assert case.value("SELECT count(*) FROM changes WHERE kind = 'name_added'") > 1
