"""The same documents give the same entities, whatever order they come in and however many actors
there are: whole runs, with the real rules.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from faults import small_stages
from faults.local_run import ACTORS
from faults.small_run import SmallRun
from faults.small_stages import Named, SmallStage
from pipeline import assembly
from pipeline.assembly import Hosted, Stores
from pipeline.documents import Chunks, Mention, Mentions, MentionType, StageName
from pipeline.engines.name_books import NameBooks
from pipeline.identity import project_id
from pipeline.resolution import ResolveStage
from pipeline.settings import ResolveSettings, RunSettings, Settings
from pipeline.stage import Plan
from pipeline.stores import postgres

TYPED = re.compile(r"\((\w+)\) ([^;\n]+)")
NAMES = (
    "(PERSON) John Quincy Smith", "(PERSON) John Q. Smith", "(PERSON) Smith, John Quincy",
    "(PERSON) Dr. John Quincy Smith", "(PERSON) J. Smith", "(PERSON) Jane Smith",
    "(PERSON) William Adams", "(PERSON) Bill Adams", "(PERSON) Wiliam Adams", "(PERSON) W. Adams",
    "(PERSON) Katherine O'Brien", "(PERSON) Catherine O'Brien", "(PERSON) Kathy O'Brien",
    "(PERSON) Muhammad Hassan", "(PERSON) Mohammed Hassan", "(PERSON) Robert Lee Jr.",
    "(PERSON) Robert Lee Sr.", "(PERSON) Robert Lee", "(PERSON) Elizabeth Warren",
    "(ORG) Acme Holdings Ltd", "(ORG) Acme Holdings Limited", "(ORG) Acme Ltd",
    "(ORG) Northern Star Bank", "(ORG) The Northern Star Bank", "(ORG) NSB",
    "(ORG) Securities and Exchange Commission", "(ORG) SEC", "(ORG) Northen Star Bank",
    "(GPE) Portland", "(GPE) Portland, Oregon", "(GPE) Portland, Maine", "(GPE) Seattle",
    "(GPE) Seattle, Washington", "(GPE) U.S.", "(GPE) United States", "(ORG) United States",
    "(DATE) January 5, 2016", "(DATE) 5 January 2016", "(MONEY) $5 million", "(MONEY) $5,000,000",
)  # fmt: skip
DOCUMENTS = 40


def find(chunks: Chunks) -> Mentions:
    """Find names that say what they are: "(ORG) Acme Ltd;"."""
    return Mentions(
        mentions=tuple(
            Mention(
                start=chunk.start + found.start(2),
                end=chunk.start + found.end(2),
                text=found.group(2),
                type=MentionType(found.group(1)),
                page=1,
                model="typed",
            )
            for chunk in chunks.chunks
            for found in TYPED.finditer(chunk.text)
        )
    )


def plan() -> Plan:
    """Name the stages: the small ones, with the real `resolve` behind what is found so."""
    resolve = ResolveStage(NameBooks(), ResolveSettings()).identity
    of = {
        StageName.EXTRACT: SmallStage(StageName.EXTRACT, find).identity.model_copy(
            update={"version": "typed 1"}
        ),
        StageName.RESOLVE: resolve,
    }
    return Plan(identities=tuple(of.get(x.stage, x) for x in small_stages.plan().identities))


def host(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
    """Build one of them."""
    if stage is StageName.EXTRACT:
        return Hosted(Named(SmallStage(stage, find), plan().identity_of(stage)))
    if stage is StageName.RESOLVE:
        return Hosted(ResolveStage(NameBooks(), ResolveSettings()))
    return small_stages.host(stage, settings, stores)


def texts() -> list[str]:
    """Make documents in which names stand in other ways than in the next."""
    dice = random.Random(7)
    made = []
    for number in range(DOCUMENTS):
        lines = [f"{'; '.join(dice.sample(NAMES, 3))};" for _ in range(2)]
        made.append("\n".join(["members", *lines] if number % 10 == 3 else lines))
    return made


def write(folder: Path, order: Sequence[int]) -> None:
    """Write the documents under names that make them come in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    every = texts()
    for place, number in enumerate(order):
        (folder / f"{place:03}.txt").write_text(every[number])


@pytest.fixture
def engine(migrated_url: str) -> Engine:
    # Else the rules load while leases run out: all actors are threads of this process.
    rules = assembly.Rules()
    rules.compare(rules.profile("PERSON", "john smith"), rules.profile("PERSON", "jon smith"))
    return postgres.connect(migrated_url)


def orders(seed: int) -> list[list[int]]:
    """Make three orders: as they are, backwards, and any."""
    any_ = list(range(DOCUMENTS))
    random.Random(seed).shuffle(any_)
    return [list(range(DOCUMENTS)), list(reversed(range(DOCUMENTS))), any_]


def test_no_order_and_no_number_of_actors_changes_the_graph(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    quick = RunSettings(window=8, persist_seconds=0.02)
    outcomes = {}
    for number, order in enumerate(orders(seed)):
        for extractors in (1, 4):
            name = f"order {number}, {extractors} extractors"
            folder = tmp_path / name
            # One comes in two runs, and one without Redis.
            parts = [order] if (number, extractors) != (2, 4) else [order[:15], order]
            run = SmallRun(
                settings.model_copy(
                    update={
                        "run": quick,
                        "acceleration": "off" if (number, extractors) == (1, 4) else "on",
                    }
                ),
                folder, name, plan(), host=host, rules=assembly.Rules,
                actors={**ACTORS, StageName.EXTRACT: extractors},
            )  # fmt: skip
            for part in parts:
                write(folder, part)
                run.until_done()
            outcomes[name] = run.digest(), tuple(run.counts().items())
    assert len(set(outcomes.values())) == 1, (seed, outcomes)

    entities: dict[str, set[str]] = {}
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT coalesce(e.entity_id, n.id)::text, n.type || ' ' || n.normal FROM names n"
                " LEFT JOIN name_entities e ON e.name_id = n.id WHERE n.project_id = :project"
            ),
            {"project": project_id("order 0, 1 extractors")},
        )
        for entity, name in rows:
            entities.setdefault(entity, set()).add(name)
    together = {tuple(sorted(names)) for names in entities.values() if len(names) > 1}
    assert ("PERSON john q smith", "PERSON john quincy smith") in together
    assert ("GPE united states", "ORG united states") in together
    engine.dispose()
