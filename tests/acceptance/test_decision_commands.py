"""`merge`, `split`, `never`, `undo`, `decisions`, `review` and `show`, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pexpect
import pytest
from deciding_case import HOLDER, Deciding
from store_case import StoreCase

from actors.cli import main
from pipeline.assembly import Rules, deciding
from pipeline.errors import UsageError
from pipeline.explore import open_project
from pipeline.registry.verdicts import EXPLANATIONS
from pipeline.settings import Settings
from pipeline.stores import postgres
from pipeline.who import login_name

# pexpect forks, in a process that may have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

ROOT = Path(__file__).parents[2]
ASKED = r"\[m\]erge, \[n\]ever, \[s\]kip, \[u\]ndo the last, \[q\]uit, \[\?\]: "
LONG = "Very " * 380 + "Long Name"
DOTTED = "Odd " + "." * 10_000 + " Works"
TEXTS = {
    "a": "[John Smith|PERSON] sat with [Ann Lee|PERSON] in [Boston|GPE].",
    "b": "Then [John Smith|PERSON] left. [Jane Smith|PERSON] came to [Boston|GPE].",
    "c": "[J. Smith|PERSON] wrote. [William Adams|PERSON] read it.",
    "d": "[J. Smith|PERSON] wrote to [Bill Adams|PERSON].",
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def people(migrated_url: str, valkey_url: str) -> Iterator[Deciding]:
    engine = postgres.connect(migrated_url)
    case = StoreCase(engine, url=valkey_url)
    people = Deciding(case, Rules().version)
    people.publish(**TEXTS)
    yield people
    case.close()
    engine.dispose()


@pytest.fixture
def environment(migrated_url: str, valkey_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "CASEGRAPH_HOME": str(tmp_path / "home"),
        "CASEGRAPH_DATABASE_URL": migrated_url,
        "CASEGRAPH_REDIS_URL": valkey_url,
    }


@pytest.fixture
def run(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Give a function that runs `casegraph … --project case`: (exit status, stdout, stderr)."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def casegraph(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--project", "case"])
        out, err = capsys.readouterr()
        return int(str(ended.value.code)), out, err

    return casegraph


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def ids(people: Deciding) -> dict[str, str]:
    return {row.name: row.id for row in people.desk.reader.entities(None)}


def test_a_merge_is_told_shown_listed_and_taken_back(run: Run, people: Deciding) -> None:
    before, was = people.state(), ids(people)

    status, out, err = run("merge", "Ann Lee", "jane smith", "--why", "she married")

    assert (status, out) == (0, "")
    told, back = err.splitlines()
    entity = min(was["Ann Lee"], was["Jane Smith"])
    gone = max(was["Ann Lee"], was["Jane Smith"])
    assert told == (
        f"Ann Lee ({was['Ann Lee'][:8]}) and Jane Smith ({was['Jane Smith'][:8]}) are one now: "
        f"Ann Lee ({entity[:8]}), 2 mentions in 2 documents"
    )
    assert back == "take it back with: casegraph undo 1 --project case"
    card = lines(run("show", gone, "--json")[1])[0]
    assert (card["id"], card["asked"]) == (entity, gone)
    decision = card["names"][0]["joined"][0]["decision"]
    assert (decision["who"], decision["why"]) == (login_name(), "she married")
    shown = run("show", gone[:8])[1]
    assert f"{gone[:8]} is a part of it" in shown
    assert "is a part of it" not in run("show", entity[:8])[1]
    people.publish(f="[Facade|ORG] fell.")
    assert lines(run("show", "facade", "--json")[1])[0]["asked"] is None
    people.case.forgetting.forget([people.case.uri("f.txt")])
    people.settle()
    assert f"with Ann Lee: decision 1 ({login_name()}, " in shown
    [row] = lines(run("decisions", "--json")[1])
    assert row["names"] == [["Ann Lee"], ["Jane Smith"]]
    assert (row["number"], row["kind"], row["state"]) == (1, "merge", "counts")
    status, out, _ = run("undo", "1", "--by", "bob", "--json")
    [outcome] = lines(out)
    assert (status, outcome["number"], outcome["undoes"], outcome["who"]) == (0, 2, 1, "bob")
    assert {row["name"] for group in outcome["entities"] for row in group} == {
        "Ann Lee", "Jane Smith"
    }  # fmt: skip
    assert people.state() == before
    assert lines(run("show", gone, "--json")[1])[0]["id"] == gone
    table = run("decisions")[1]
    assert "undone by 2" in table
    assert "takes decision 1 back" in table


def test_two_people_of_one_name(run: Run, people: Deciding) -> None:
    before = people.state()

    status, _, err = run("split", "John Smith", "--document", "b.txt", "--by", "ann")

    assert status == 0
    assert err.startswith("in corpus/b.txt John Smith is another now: John Smith (")
    status, out, err = run("never", "John Smith", "Ann Lee")
    assert (status, len(out.splitlines())) == (2, 2)
    assert err == "casegraph: 2 entities are called 'John Smith'; ask by id\n"
    there, here = [line.split()[0] for line in out.splitlines()]
    _, out, _ = run("merge", here, "John Smith", "--json")
    assert {row["id"] for row in lines(out)[0]["candidates"]} == {there, here}
    sources = {}
    for id_ in (there, here):
        card = lines(run("show", id_, "--json")[1])[0]
        sources[id_] = [name["places"][0]["source"] for name in card["names"]]
        assert [one["documents"] for one in card["decisions"]] == [["corpus/b.txt"]]
    assert sorted(sources.values()) == [["corpus/a.txt"], ["corpus/b.txt"]]
    assert "John Smith is another in corpus/b.txt" in run("decisions")[1]
    assert run("undo")[0] == 0
    assert people.state() == before


def test_names_that_leave(run: Run, people: Deciding) -> None:
    shown = run("show", "Bill Adams")[1]
    assert f"{EXPLANATIONS['pet name']} (same, 0.92)" in shown, shown

    status, _, err = run("split", "Bill Adams", "--name", "Bill Adams")

    assert status == 0
    assert err.startswith("Bill Adams left Bill Adams (")
    assert frozenset({"Bill Adams"}) in people.partition()
    assert "decision 1 keeps them apart" in run("show", "William Adams")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["merge", "Ann Lee"], "a merge needs two entities or more"),
        (["merge"], "missing argument 'ENTITY ENTITY…'"),
        (["merge", "Ann Lee", "Nobody"], "no entity is called 'Nobody'"),
        (["merge", "Ann Lee", "ann LEE"], "are one entity already"),
        (["never", "Ann Lee", "0123456789abcdef"], "no entity is called '0123456789abcdef'"),
        (["split", "Ann Lee"], "say which names leave (--name) or in which documents"),
        (["split", "Ann Lee", "--name", "x", "--document", "y"], "say which names leave"),
        (["split", "Ann Lee", "--name", "Smith"], "'Smith' is no name of Ann Lee"),
        (["split", "Ann Lee", "--document", "nope.txt"], "no document with results is called"),
        (["undo"], "there is no decision to undo"),
        (["undo", "7"], "there is no decision 7"),
        (["undo", "0"], "0 is not in the range"),
        (["merge", "Ann Lee", "Boston", "--by", " "], "--by needs the name of who decides"),
        (["merge", LONG, "Boston"], "no entity is called 'Very Very"),
    ],
)
def test_what_cannot_be_decided_is_one_line(
    run: Run, people: Deciding, arguments: list[str], words: str
) -> None:
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    [line] = err.splitlines()
    assert words in line
    assert len(line) < 400
    assert run("decisions", "--json")[1] == ""
    assert "nobody decided anything yet" in run("decisions")[2]


def test_a_decision_waits_for_the_run_that_holds_the_registry(
    run: Run, people: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "WAIT_SECONDS", 0.1)
    assert people.store.hold(HOLDER, 60)

    status, _, err = run("merge", "Ann Lee", "Jane Smith")

    assert status == 0
    assert "are one now; entities do not show it yet: whoever holds the registry" in err
    assert frozenset({"Ann Lee"}) in people.partition()
    assert [row["state"] for row in lines(run("decisions", "--json")[1])] == ["counts"]
    people.settle()
    assert frozenset({"Ann Lee", "Jane Smith"}) in people.partition()


def test_review_lists_where_nobody_sits(run: Run, people: Deciding) -> None:
    status, out, err = run("review")

    assert status == 0
    assert "1  John Smith / J. Smith" in out or "1  J. Smith / John Smith" in out
    assert "an initial fits the name spelt out" in out
    assert "it can stand for more than one, so it joins none: also Jane Smith" in out
    assert "corpus/c.txt:1" in out
    assert "casegraph merge ENTITY ENTITY --project case" in err
    found = lines(run("review", "--json", "--limit", "1")[1])
    assert [{card["one"]["name"], card["other"]["name"]} for card in found] == [
        {"John Smith", "J. Smith"}
    ]
    assert found[0]["reasons"][0]["rule"]
    for other in ("John Smith", "Jane Smith"):
        run("never", "J. Smith", other)
    assert run("review", "--json")[1] == ""
    assert run("review") == (0, "", "there is no pair to decide on\n")


def sitting(environment: dict[str, str], *options: str) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        ["-m", "actors.cli", "review", "--project", "case", "--by", "ann", *options],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
        encoding="utf-8",
        timeout=120,
        dimensions=(50, 160),
        # Who started the tests in the background has it ignored, and what they start inherits that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def _publish_more_pairs(people: Deciding) -> None:
    """Publish two pairs about which only people can say more."""
    for name in ("Baker", "Fisher"):
        texts = [f"[{given} {name}|PERSON] sang." for given in ("Jon", "John")]
        people.publish(**{f"{name}{number}": text for number, text in enumerate(texts)})


def test_who_leaves_a_review_keeps_what_was_decided(
    people: Deciding, environment: dict[str, str]
) -> None:
    """The end of the input and an interruption are ways to quit; "?" says what answers mean; that
    a limit is reached is not that nothing is left.
    """
    _publish_more_pairs(people)
    terminal = sitting(environment)
    terminal.expect(ASKED)
    terminal.sendline("?")
    terminal.expect("never  they are two, whatever their names look like")
    terminal.expect(ASKED)
    terminal.sendline("never")
    terminal.expect(ASKED)
    terminal.sendeof()
    terminal.expect("1 decision taken; the rest is for another time")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0

    terminal = sitting(environment, "--limit", "1")
    terminal.expect(ASKED)
    terminal.sendline("never")
    terminal.expect("1 decision taken; the rest is for another time")

    terminal = sitting(environment)
    terminal.expect(ASKED)
    # One that comes between the question and the reading of the answer is heard with the next.
    heard = 0
    for _ in range(12):
        terminal.sendintr()
        left = "0 decisions taken; the rest is for another time"
        if heard := terminal.expect([pexpect.TIMEOUT, left], timeout=5):
            break
    assert heard


def test_review_at_a_terminal(people: Deciding, environment: dict[str, str], run: Run) -> None:
    """Merge, undo, never, skip and quit; a letter or the word. What a short name stands for is not
    asked again once it is said, nor once it can be one thing only.
    """
    _publish_more_pairs(people)
    terminal = sitting(environment)
    said = []

    def answer(text: str) -> None:
        terminal.expect(ASKED)
        said.append(terminal.before)
        terminal.sendline(text)

    answer("what")
    answer("u")
    answer("merge")
    answer("u")
    answer("n")
    answer("S")
    answer("quit")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 0
    first = {"1  John Smith / J. Smith", "1  J. Smith / John Smith"}
    assert any(pair in said[0] for pair in first)
    assert "'what' is none of these" in said[1]
    assert "nothing was decided here yet" in said[2]
    assert "are one now" in said[3]
    assert "John Baker" in said[3]
    assert "decision 1 does not count any more" in said[4]
    assert any(pair.replace("1  ", "") in said[4] for pair in first)
    assert "are never one" in said[5]
    assert {"John Baker", "John Fisher"} == {
        name for name in ("John Baker", "John Fisher") for words in said[5:7] if name in words
    }
    assert "1 decision taken; the rest is for another time" in terminal.before
    assert "also: Jane Smith" in run("show", "J. Smith")[1]
    listed = lines(run("decisions", "--json")[1])
    assert [(row["kind"], row["who"], row["state"]) for row in listed] == [
        ("never", "ann", "counts"), ("undo", "ann", "counts"), ("merge", "ann", "undone"),
    ]  # fmt: skip


def test_hostile_names_are_shown_short_and_decided_on(run: Run, people: Deciding) -> None:
    arabic, smile, broken = "محمد علي", "Bob 😀 Ray", "Sir\nJohn\tSmithers"
    people.publish(
        x=f"[{LONG}|ORG] sued [{arabic}|PERSON]. [{smile}|PERSON] paid [{broken}|PERSON]."
        f" [\u202eevil\u202c Corp|ORG] and [\x1b(31mred Corp|ORG] fell. [{DOTTED}|ORG] rose."
    )
    evil = "\u202eevil\u202c Corp"
    for one, other in ((LONG, arabic), (smile, broken), (evil, LONG), (DOTTED, "\x1b(31mred Corp")):
        status, out, err = run("merge", one, other, "--why", LONG)
        assert (status, out) == (0, ""), err
        assert max(map(len, err.splitlines())) < 400
        assert not {"\u202e", "\x1b", "\t"} & set(err)
    for command in (
        ["decisions"],
        ["entities"],
        ["review"],
        ["show", arabic],
        ["show", broken],
        ["show", DOTTED],
    ):
        status, out, err = run(*command)
        assert status == 0, err
        assert max(map(len, out.splitlines() or [""])) <= 210
        assert len(out) < 12_000
        assert not {"\u202e", "\x1b"} & set(out)
    card = lines(run("show", arabic, "--json")[1])[0]
    assert {LONG, arabic} <= {name["text"] for name in card["names"]}
    assert frozenset({smile, "Sir John Smithers"}) in people.partition()
    while run("undo")[0] == 0:
        pass
    assert frozenset({arabic}) in people.partition()


def test_the_id_of_a_name_that_is_gone_leads_to_what_it_became(run: Run, people: Deciding) -> None:
    was = ids(people)
    run("merge", "Ann Lee", "Jane Smith")
    first, second = sorted(("Ann Lee", "Jane Smith"), key=lambda name: was[name])
    document = {"Ann Lee": "a", "Jane Smith": "b"}
    people.case.forgetting.forget([people.case.uri(f"{document[first]}.txt")])
    people.settle()

    status, out, _ = run("show", was[first], "--json")

    [card] = lines(out)
    assert status == 0
    assert (card["id"], card["name"], card["asked"]) == (was[second], second, was[first])
    people.case.forgetting.forget([people.case.uri(f"{document[second]}.txt")])
    people.settle()
    status, _, err = run("show", was[first])
    assert status == 2
    assert f"no entity or document of 'case' is called '{was[first]}'" in err
    assert [row["state"] for row in lines(run("decisions", "--json")[1])] == ["names not there"]


def test_what_was_not_compared_in_full_is_said(run: Run, people: Deciding) -> None:
    crowd = ". ".join(f"[John {letter}. Smith|PERSON]" for letter in "ABCDEFGH")
    small = Deciding(people.case, people.version, bound=3)
    small.publish(crowd=crowd)

    status, out, _ = run("show", "John Smith")

    assert status == 0
    assert "not compared in full" in out
    assert "more names than can be compared share the key " in out


def test_the_status_says_what_came_apart_by_too_many_alike(run: Run, people: Deciding) -> None:
    small = Deciding(people.case, people.version, bound=3)
    small.publish(pair="[John Quincy Adams|PERSON] is [John Q. Adams|PERSON].")
    before = lines(run("status", "--json")[1])[0]["too_many_alike"]
    assert before["dissolved"] == []
    small.publish(crowd=". ".join(f"[John {letter}. Adams|PERSON]" for letter in "ABCDEFG"))

    told = lines(run("status", "--json")[1])[0]["too_many_alike"]
    status, out, _ = run("status")

    assert status == 0
    assert told["groups_not_compared"] >= 1
    assert ["john q adams", "john quincy adams"] in told["dissolved"]
    assert "too many to be compared with each other" in out
    assert "john q adams, john quincy adams were one before, and are not any more" in out


def test_a_notebook_decides_as_commands_do(people: Deciding, environment: dict[str, str]) -> None:
    before = people.state()
    case = open_project(
        "case",
        Settings(
            home=Path(environment["CASEGRAPH_HOME"]),
            database_url=environment["CASEGRAPH_DATABASE_URL"],  # type: ignore[arg-type]
            redis_url=environment["CASEGRAPH_REDIS_URL"],  # type: ignore[arg-type]
        ),
    )

    first = case.review().iloc[0]

    assert {first["one"], first["other"]} == {"John Smith", "J. Smith"}
    assert "an initial fits the name spelt out" in first["why"]
    assert first["one"] in first["one_quote"]
    outcome = case.merge(first["one_id"], first["other_id"], why="a letter", by="ann")
    assert repr(outcome).endswith("4 mentions in 4 documents")
    why = case.explain("J. Smith")
    assert set(why[why["together"]]["name"]) == {"John Smith", "J. Smith"}
    assert why[why["together"]]["why"].str.contains("decision 1 .ann, .*: a letter").any()
    assert list(why[~why["together"]]["name"]) == ["Jane Smith"]
    assert case.review().empty
    case.split("J. Smith", names="J. Smith")
    case.never("Ann Lee", "Boston")
    case.split("John Smith", documents=["b.txt"])
    with pytest.raises(
        UsageError, match=r"2 entities are called 'John Smith'; ask by id: .* PERSON"
    ):
        case.explain("John Smith")
    with pytest.raises(UsageError, match="say which names leave"):
        case.split("J. Smith")
    assert list(case.decisions()["state"]) == ["counts", "counts", "counts", "overridden"]
    for _ in range(4):
        case.undo(by="bob")
    assert people.state() == before
    assert set(case.decisions()["who"]) == {"ann", "bob", login_name()}
    case.close()
