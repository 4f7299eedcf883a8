"""`casegraph examples` as a user types it, and what a notebook sees of them."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from ledger_case import plan_of
from published_case import PublishedCase, the_case

from actors.cli import main
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.explore import open_project
from pipeline.llm.example_sets import Task, shipped_set
from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores import postgres, tables
from pipeline.stores.embedded import ServiceUrls
from pipeline.who import login_name

# pexpect forks, in a process that may have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

ROOT = Path(__file__).parents[2]
LEGAL = len(shipped_set("legal", Task.FIND).examples)
FEW = """
- text: Ann Lee met Bob Ray in Orsk.
  entities:
  - {text: Ann Lee, type: PERSON}
  - {text: Bob Ray, type: PERSON}
  - {text: Orsk, type: GPE}
  relations:
  - {subject: 1, predicate: met, object: 2, quote: Ann Lee met Bob Ray}
- text: Nobody came.
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def case(migrated_url: str) -> Iterator[PublishedCase]:
    engine = postgres.connect(migrated_url)
    case = the_case(engine)
    plan = plan_of().model_dump(mode="json")
    case.change(tables.projects, case.project, configuration=plan)
    yield case
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
    case: PublishedCase,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Give a function that runs `casegraph examples …`: (exit status, stdout, stderr)."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.yaml").write_text(FEW)

    def casegraph(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        with pytest.raises(SystemExit) as ended:
            main(["examples", *arguments])
        out, err = capsys.readouterr()
        return int(str(ended.value.code)), out, err

    return casegraph


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def used(run: Run, task: str) -> list[str]:
    cards = lines(run("list", "--project", "case", "--task", task, "--json")[1])
    return [card["text"] for card in cards if card["used"]]


def test_what_is_added_is_listed_pinned_and_removed(run: Run, case: PublishedCase) -> None:
    status, out, err = run("add", "few.yaml")
    assert (status, out) == (0, "")
    kept = lines(run("list", "--task", "find", "--json")[1])[LEGAL:]
    assert [(card["text"][:6], card["origin"], card["by"]) for card in kept] == [
        ("Ann Le", "added", login_name()), ("Nobody", "added", login_name()),
    ]  # fmt: skip
    ids = [card["id"][:8] for card in kept]
    assert err.splitlines()[0] == f"kept 2 examples to find: {ids[0]}, {ids[1]}"
    [related] = lines(run("list", "--task", "relate", "--json")[1])[LEGAL:]
    assert related["relations"][0]["quote"] == "Ann Lee met Bob Ray"
    assert f"kept 1 example to relate: {related['id'][:8]}" in err
    assert run("add", "few.yaml")[2] == "all of it was there already\n"

    before = used(run, "find")
    assert len(before) == LEGAL
    status, _, err = run("pin", "--project", "case")
    assert (status, err.splitlines()[:2]) == (
        0,
        ["find: 6 examples; before it used others", "relate: 5 examples; before it used others"],
    )
    assert used(run, "find") == [*before, "Ann Lee met Bob Ray in Orsk.", "Nobody came."]
    assert run("pin", "--project", "case")[2].startswith("find: 6 examples, as before\n")

    status, _, err = run("remove", ids[0], lines(run("list", "--json")[1])[0]["id"])
    assert status == 0
    assert err.splitlines()[0] == f"removed {ids[0]}, to find in legal"
    assert err.splitlines()[1].startswith("hid ")
    assert len(used(run, "find")) == LEGAL + 2
    table = run("list", "--project", "case", "--task", "find")[1]
    assert "removed" in table
    assert "hidden" in table
    run("pin", "--project", "case")
    assert used(run, "find") == [*before[1:], "Nobody came."]


def test_what_list_prints_can_be_added(run: Run) -> None:
    first = run("list", "--task", "find", "--json")[1].splitlines()[0]
    id_ = json.loads(first)["id"]
    run("remove", id_[:6], "--task", "find")
    assert lines(run("list", "--task", "find", "--json")[1])[0]["origin"] == "hidden"
    assert "is hidden already" in run("remove", id_, "--task", "find")[2]
    status, out, _ = run("add", "--task", "find", "--json", given=first)
    assert (status, lines(out)) == (
        0, [{"domain": "legal", "added": [{"id": id_, "task": "find"}]}]
    )  # fmt: skip
    assert lines(run("list", "--task", "find", "--json")[1])[0]["origin"] == "shipped"


def test_a_file_with_one_that_is_wrong_adds_none(run: Run, tmp_path: Path) -> None:
    wrong = FEW + "- {text: Eve came., entities: [{text: Eve, type: SHIP}]}\n"
    (tmp_path / "wrong.yaml").write_text(wrong)
    status, _, err = run("add", "wrong.yaml")
    assert status == 2
    assert err.startswith("casegraph: wrong.yaml: example 3: 'Eve': SHIP is no type of the schema")
    assert len(lines(run("list", "--json")[1])) == 2 * LEGAL


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (["add", "nope.yaml"], "", "nope.yaml cannot be read: No such file or directory"),
        (["add"], "", "standard input: it has no example"),
        (["add"], '{"text": "x", "entities": [{"text": "Ann", "type": "PERSON"}]}',
         "standard input: example 1: 'Ann' does not stand in the text"),
        (["add"], '{"text": "\\u001b[31mx", "entities": [{"text": "\\u001b", "type": "ORG"}]}',
         "does not stand in the text"),
        (["add", "few.yaml", "--domain", "leases"], "", "the schema in use is 'legal', not '"),
        (["add", "few.yaml", "--task", "relate"], "", "example 2: a question about relations"),
        (["add", "few.yaml", "--task", "sing"], "", "'sing' is not one of 'find', 'relate'"),
        (["remove", "abcdef12"], "", "no example has the id 'abcdef12'; `casegraph examples list"),
        (["remove", "a"], "", "the first 6 digits are enough"),
        (["pin", "--project", "nope"], "", "no project named 'nope'"),
        (["list", "--project", "nope"], "", "no project named 'nope'"),
        (["accept", "first.txt", "--project", "case"], "", "has chunks 1 to 2; say which"),
        (["accept", "first.txt", "--project", "case", "--page", "1"], "", "page 1 of letters/"),
        (["accept", "first.txt", "--project", "case", "--page", "7"], "", "there is none on page"),
        (["accept", "first.txt", "--project", "case", "--chunk", "9"], "", "with number 9 in it"),
        (["accept", "nope", "--project", "case"], "", "no document with results is called 'nope'"),
        (["accept", "first.txt", "--project", "case", "--chunk", "1", "--json"], "", "add --yes"),
        (["accept", "first.txt", "--project", "case", "--chunk", "1"], "", "look at it, and add"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(
    run: Run, arguments: list[str], given: str, words: str
) -> None:
    status, _, err = run(*arguments, given=given)
    assert status == 2
    [line] = err.splitlines()
    assert words in line
    assert "\x1b" not in line
    assert len(lines(run("list", "--json")[1])) == 2 * LEGAL


def test_what_was_extracted_is_accepted_after_a_look(
    run: Run, environment: dict[str, str], case: PublishedCase
) -> None:
    arguments = ["accept", "first.txt", "--project", "case", "--chunk", "1"]

    def sitting() -> pexpect.spawn:
        return pexpect.spawn(
            sys.executable,
            ["-m", "actors.cli", "examples", *arguments],
            env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
            encoding="utf-8", timeout=120, dimensions=(50, 160),
        )  # fmt: skip

    terminal = sitting()
    terminal.expect("letters/first.txt:1, chunk 1")
    terminal.expect("John Smith — employed by → Acme Corp.")
    terminal.expect("Is it right and complete")
    terminal.sendline("n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert len(lines(run("list", "--json")[1])) == 2 * LEGAL

    terminal = sitting()
    terminal.expect("Is it right and complete")
    terminal.sendline("y")
    terminal.expect("kept 1 example to find")
    terminal.expect("kept 1 example to relate")
    terminal.expect(pexpect.EOF)
    accepted = [x for x in lines(run("list", "--json")[1]) if x["origin"] == "accepted"]
    assert [(x["task"], x["source"], x["project"]) for x in accepted] == [
        ("find", "letters/first.txt", "case"), ("relate", "letters/first.txt", "case"),
    ]  # fmt: skip
    assert accepted[1]["entities"] == [
        {"text": "3 May 2020", "type": "DATE"},
        {"text": "John Smith", "type": "PERSON"},
        {"text": "Acme Corp.", "type": "ORG"},
    ]
    assert [(x["subject"], x["predicate"], x["object"]) for x in accepted[1]["relations"]] == [
        (2, "employed_by", 3)
    ]
    assert "accepted: letters/first.txt" in run("list")[1]


def test_accepting_without_a_question(run: Run) -> None:
    accept = ["accept", "first.txt", "--project", "case", "--chunk", "2", "--yes"]
    status, out, _ = run(*accept, "--task", "find", "--json")
    assert status == 0
    [kept] = lines(out)[0]["added"]
    assert kept["task"] == "find"
    assert lines(run(*accept, "--task", "find", "--json")[1])[0]["added"] == []


def test_what_would_run_again_is_said(run: Run, case: PublishedCase) -> None:
    plan = plan_of()
    made_with = shipped_set("legal", Task.FIND).hash
    extract = plan.identity_of(StageName.EXTRACT)
    changed = extract.model_copy(update={"configuration": {"llm": {"examples": made_with}}})
    plan = Plan(identities=tuple(changed if x == extract else x for x in plan.identities))
    configuration = plan.model_dump(mode="json")
    case.change(tables.projects, case.project, configuration=configuration)
    assert "--reconfigure" not in run("pin", "--project", "case")[2]
    run("add", "few.yaml")
    err = run("pin", "--project", "case")[2]
    assert (
        "extract runs again for all documents: the next `casegraph run … --project case` needs "
        "--reconfigure"
    ) in err
    again = lines(run("pin", "--project", "case", "--json")[1])[0]
    assert again["runs_again"] == ["extract"]
    assert again["pinned"]["find"]["examples"] == LEGAL + 2


def test_a_notebook_and_the_stages_see_what_a_project_uses(
    run: Run, settings: Settings, case: PublishedCase
) -> None:
    run("add", "few.yaml")
    project = open_project("case", settings)
    assert settings.database_url is not None
    assert settings.redis_url is not None
    urls = ServiceUrls(
        database_url=settings.database_url.get_secret_value(),
        redis_url=settings.redis_url.get_secret_value(),
    )
    opened = assembly.open_examples(settings, urls)
    frame = project.examples()
    assert list(frame.columns) == [
        "id", "task", "origin", "used", "text", "names", "relations", "by"
    ]  # fmt: skip
    assert list(frame["used"]) == [x != "added" for x in frame["origin"]]
    assert (
        list(project.examples("relate")["names"])[-1] == "Ann Lee PERSON, Bob Ray PERSON, Orsk GPE"
    )
    assert list(project.examples("relate")["relations"])[-1] == "Ann Lee met Bob Ray"
    with pytest.raises(UsageError, match="no task 'sing'; there are find, relate"):
        project.examples("sing")
    run("pin", "--project", "case")
    assert all(project.examples()["used"])
    id_ = case.project
    assert len(opened.used(id_, "legal", Task.FIND).examples) == LEGAL + 2
    without = assembly.open_examples(settings.model_copy(update={"acceleration": "off"}), urls)
    assert without.used(id_, "legal", Task.FIND) == opened.used(id_, "legal", Task.FIND)
    project.close()
