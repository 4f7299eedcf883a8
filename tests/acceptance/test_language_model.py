"""Language models in runs of the real stages, as a user asks for them at the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from llm_case import KEY, model_of, shown
from scripted_llm import Asked, ScriptedLlm, always, failing
from tiny_model import train

from pipeline.stores.redis_connection import connect

NAMES = {
    "Marta Quill": "PERSON", "Quill": "PERSON", "Zeltron Holdings": "ORG", "Ivo Brandt": "PERSON",
    "Pike & Arlow LLP": "LAW_FIRM",
}  # fmt: skip
RELATIONS = [
    ("Marta Quill", "employed_by", "Zeltron Holdings", "Marta Quill is the treasurer of Zeltron"),
    ("Zeltron Holdings", "sued", "Ivo Brandt", "Zeltron Holdings sued the trader Ivo Brandt"),
]
FIRST = """Marta Quill is the treasurer of Zeltron Holdings, a company of some renown in the town.

In spring Zeltron Holdings sued the trader Ivo Brandt, who had not paid for a load of timber.

The court has not said yet what it makes of all that, and nobody knows when it will do so.
"""
SECOND = "A letter of Pike & Arlow LLP reached Marta Quill in autumn, and Quill has not answered."
ASKING = "--extractor", "llm", "--relations", "llm", "--model", "small"


@pytest.fixture
def server() -> Iterator[ScriptedLlm]:
    with closing(ScriptedLlm(model_of(NAMES, RELATIONS))) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "first.txt").write_text(FIRST)
    return folder


def settings(server: ScriptedLlm) -> dict[str, str]:
    return {
        "CASEGRAPH_LLM__BASE_URL": server.url,
        "CASEGRAPH_LLM__KEY": KEY,
        "CASEGRAPH_LLM__PRICES": '{"small": {"input": 1000, "output": 1000}}',
        "CASEGRAPH_CHUNK__MAX_TOKENS": "40",
        "CASEGRAPH_RELATE__CO_MENTIONS": "false",
    }


@pytest.fixture
def asking(here, server: ScriptedLlm):
    return replace(here, environment=here.environment | settings(server))


def since(server: ScriptedLlm, count: int) -> list[Asked]:
    return server.asked[count:]


def chunks_asked(asked: list[Asked], form_name: str = "entities") -> int:
    return len([one for one in asked if one.form_name == form_name])


def test_names_and_relations_by_a_model_are_asked_once(
    casegraph, asking, server: ScriptedLlm, folder: Path
) -> None:
    on_ray = replace(casegraph, environment=asking.environment)
    run = "run", str(folder), "--project", "p", *ASKING

    report = on_ray.json(*run)
    assert report["documents"]["completed"] == 1
    asked = len(server.asked)
    assert chunks_asked(server.asked) == 3
    [brandt] = [row for row in asking.json_lines("entities", "--project", "p")
                if row["name"] == "Ivo Brandt"]  # fmt: skip
    [fact] = asking.json("show", brandt["id"], "--project", "p")["relationships"]
    assert fact["predicate"] == "sued"
    assert "Zeltron Holdings sued the trader Ivo Brandt" in fact["quote"]
    assert report["language_models"]["calls"] == asked

    # Again, with every checkpoint gone and Redis empty: what was paid for is there.
    assert asking.json(*run)["documents"]["completed"] == 1
    with closing(connect(asking.environment["CASEGRAPH_REDIS_URL"])) as client:
        client.flushdb()
    digest = asking("digest", "--project", "p").stdout
    asking(*run, "--from", "extract")
    assert len(server.asked) == asked
    assert asking("digest", "--project", "p").stdout == digest
    assert asking.json("costs", "--project", "p")["calls"] == asked


def test_what_the_texts_do_not_say_is_counted_and_told(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    server.script = model_of({**NAMES, "Nora Pym": "PERSON"}, RELATIONS, always_=True)
    said = asking("run", str(folder), "--project", "p", *ASKING).stdout
    counts = asking.json("status", "--project", "p")["dropped"]
    assert counts["extract"]["ungrounded"] > 0
    total = sum(number for stage in counts.values() for number in stage.values())
    assert f"{total} things were dropped: the texts do not say them" in " ".join(said.split())
    told = asking("status", "--project", "p").stdout
    assert "said by a model, and dropped" in told
    assert re.search(rf"extract +ungrounded +{counts['extract']['ungrounded']}\b", told)


def test_what_a_project_was_made_with_is_not_changed_by_leaving_an_option_out(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    run = "run", str(folder), "--project", "p"
    asking(*run, *ASKING)
    asked = len(server.asked)
    said = asking(*run, status=2).stderr
    assert "extractor 'llm' → 'spacy'" in said
    assert "--reconfigure" in said
    said = asking(*run, *ASKING[:-1], "large", status=2).stderr
    assert "model 'small' → 'large'" in said
    assert len(server.asked) == asked


def test_spacy_finds_names_and_a_model_only_relates_them(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    asking("run", str(folder), "--project", "p", "--relations", "llm", "--model", "small")
    assert {asked.form_name for asked in server.asked} == {"relations"}
    assert "Marta Quill" in shown(server.asked[0])


def test_a_model_that_labels_tokens_finds_names(asking, tmp_path: Path, folder: Path) -> None:
    train(tmp_path / "tiny-names")
    (folder / "first.txt").write_text("Ann Lee works for Zeltron Works in Port Ivo .")
    # A folder that is named from here is found by processes that run elsewhere.
    by = "--extractor", "transformers", "--model", "tiny-names"
    asking("run", str(folder), "--project", "p", *by)
    names = {(row["name"], row["type"]) for row in asking.json_lines("entities", "--project", "p")}
    assert {("Ann Lee", "PERSON"), ("Zeltron Works", "ORG")} <= names
    said = asking("run", str(folder), "--project", "q", "--extractor", "transformers", status=2)
    assert "--model PATH_OR_ID" in said.stderr


def test_what_a_project_knows_is_shown_once_it_is_told_to_look(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    run = "run", str(folder), "--project", "p", *ASKING, "--context", "project"
    asking(*run)
    first = len(server.asked)
    assert not any("Known from elsewhere" in shown(one) for one in server.asked)

    # What comes later is asked under what was known then: nothing of before runs again.
    (folder / "second.txt").write_text(SECOND)
    asking(*run)
    later = since(server, first)
    assert chunks_asked(later) == 1
    assert "Known from elsewhere" not in shown(later[0])

    looked = len(server.asked)
    foretold = asking.json(*run, "--refresh-context", "--dry-run")["language_models"]
    assert foretold["documents"] == 2
    assert len(server.asked) == looked
    asking(*run, "--refresh-context")
    again = [one for one in since(server, looked) if one.form_name == "entities"]
    assert len(again) == 4
    [of_second] = [one for one in again if "A letter of" in shown(one)]
    assert re.search(r'Known from elsewhere: [^\n]*\\"Marta Quill\\" PERSON', shown(of_second))

    asked = len(server.asked)
    asking(*run)
    asking(*run, "--from", "extract")
    assert len(server.asked) == asked
    said = asking(*run[:-2], status=2).stderr
    assert "--reconfigure" in said
    said = asking(*run[:-2], "--refresh-context", status=2).stderr
    assert "--context project" in said


@pytest.mark.long
def test_a_new_project_knows_nothing_also_when_it_is_told_to_look(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    run = "run", str(folder), "--project", "p", *ASKING, "--context", "project"
    asking(*run, "--refresh-context", "--dry-run")
    asking(*run, "--refresh-context")
    count = len(server.asked)
    asking(*run)
    assert len(server.asked) == count > 0


def test_a_project_that_begins_to_use_what_it_knows_looks_first(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    (folder / "second.txt").write_text(SECOND)
    run = "run", str(folder), "--project", "p"
    asking(*run)
    asked = *run, *ASKING, "--context", "project"
    said = asking(*asked, status=2).stderr
    assert "--reconfigure" in said
    asking(*asked, "--reconfigure")
    assert any("Known from elsewhere" in shown(one) for one in server.asked)
    # It has looked, and looks no more unless it is told to.
    count = len(server.asked)
    asking(*asked, "--reconfigure")
    assert len(server.asked) == count


def test_examples_that_are_added_are_shown_once_they_are_pinned(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    run = "run", str(folder), "--project", "p", *ASKING
    asking(*run)
    asked = len(server.asked)
    example = folder.parent / "example.yaml"
    example.write_text("text: Zed Zane sings.\nentities:\n- {text: Zed Zane, type: PERSON}\n")
    asking("examples", "add", str(example), "--task", "find")
    asking(*run)
    assert len(server.asked) == asked

    said = asking("examples", "pin", "--project", "p").stderr
    assert "extract" in said
    assert "--reconfigure" in said
    assert "examples" in asking(*run, status=2).stderr
    asking(*run, "--reconfigure")
    again = since(server, asked)
    assert {one.form_name for one in again} == {"entities"}
    assert all("Zed Zane sings." in str(one.body["messages"]) for one in again)
    count = len(server.asked)
    asking(*run)
    assert len(server.asked) == count


def test_the_price_of_a_corpus_is_told_before_and_after(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    run = "run", str(folder), "--project", "p", *ASKING
    foretold = asking.json(*run, "--dry-run")["language_models"]
    assert (foretold["documents"], foretold["questions"]) == (1, 6)
    assert foretold["cost"] > 0
    assert server.asked == []

    spent = asking.json(*run)["language_models"]
    assert spent["tokens_in"] > 0
    nothing = asking.json(*run, "--dry-run")["language_models"]
    assert (nothing["questions"], nothing["cost"]) == (0, 0)


@pytest.mark.long
def test_to_tell_a_price_ties_a_project_to_nothing(
    asking, server: ScriptedLlm, folder: Path
) -> None:
    run = "run", str(folder), "--project", "p"
    both = replace(asking, environment=asking.environment | {
        "CASEGRAPH_LLM__PRICES": '{"small": {"input": 1, "output": 1}, '
                                 '"large": {"input": 9, "output": 9}}'
    })  # fmt: skip
    large = both.json(*run, *ASKING[:-1], "large", "--dry-run")
    small = both.json(*run, *ASKING, "--dry-run")
    assert not small["needs_reconfigure"]
    assert large["language_models"]["cost"] > small["language_models"]["cost"] > 0
    both(*run, *ASKING)
    assert {asked.body["model"] for asked in server.asked} == {"small"}
    # Now it has results.
    said = both(*run, *ASKING[:-1], "large", status=2).stderr
    assert "--reconfigure" in said
    foretold = both.json(*run, *ASKING[:-1], "large", "--dry-run")
    assert foretold["needs_reconfigure"]


def test_a_wrong_key_ends_a_run_in_one_line(asking, server: ScriptedLlm, folder: Path) -> None:
    server.script = always(failing(401, "Incorrect API key provided: {key}"))
    done = asking("run", str(folder), "--project", "p", *ASKING, status=1)
    [line] = [line for line in done.stderr.splitlines() if "401" in line or "key" in line]
    assert KEY not in done.stdout + done.stderr
    assert "CASEGRAPH_LLM__KEY" in line
    status = asking.json("status", "--project", "p")
    assert (status["documents"]["pending"], status["documents"]["failed"]) == (1, 0)


def test_a_schema_is_shown_to_be_edited_and_is_checked(
    asking, server: ScriptedLlm, folder: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(asking("schema").stdout.replace("name: legal", "name: mine"))
    assert asking("schema", str(mine)).stdout == mine.read_text()
    assert asking.json("schema", str(mine))["name"] == "mine"
    of_mine = replace(
        asking, environment=asking.environment | {"CASEGRAPH_LLM__SCHEMA_FILE": "mine.yaml"}
    )
    assert of_mine("schema").stdout == mine.read_text()
    of_mine("run", str(folder), "--project", "p", *ASKING)
    # What is shipped for another domain is not shown.
    assert "Marigold Shipping" not in str(server.asked[0].body)

    mine.write_text(mine.read_text().replace("    means: a court or tribunal\n", ""))
    said = asking("schema", str(mine), status=2).stderr
    assert "mine.yaml is wrong: types.COURT: `means` must say" in said
    assert "cannot be read" in asking("schema", "nowhere.yaml", status=2).stderr
    assert "mine.yaml is wrong" in of_mine("run", str(folder), "--project", "p", *ASKING,
                                           status=2).stderr  # fmt: skip
