"""How many actors a stage gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.topology import MEMORY, actors_for
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stage import STAGES

GIB = 1 << 30


@given(st.integers(1, 128), st.integers(0, 512 * GIB), st.integers(0, 10**7))
def test_every_stage_has_an_actor_and_memory_suffices(cpus, memory, pending):
    counts = actors_for(cpus, memory, pending, {})
    assert set(counts) == set(STAGES)
    assert all(1 <= count <= max(1, cpus) for count in counts.values())
    heavy = counts[StageName.EXTRACT]
    assert heavy == 1 or heavy * sum(MEMORY.values()) <= memory


def test_cores_are_used_when_there_is_work_for_them():
    assert actors_for(4, 64 * GIB, 1_000, {})[StageName.EXTRACT] == 4
    assert actors_for(4, 64 * GIB, 3, {})[StageName.EXTRACT] == 1
    assert actors_for(16, 64 * GIB, 1_000, {})[StageName.RELATE] == 2


def test_settings_decide():
    assert actors_for(2, 64 * GIB, 9, {"ocr": 5})[StageName.OCR] == 5
    for wrong in ({"orc": 1}, {"ocr": 0}):
        with pytest.raises(UsageError, match=r"run\.actors"):
            actors_for(2, GIB, 9, wrong)


def test_one_actor_is_enough_for_a_stage_that_waits():
    counts = actors_for(16, 64 * GIB, 1_000, {}, [StageName.EXTRACT])
    assert (counts[StageName.EXTRACT], counts[StageName.CHUNK]) == (1, 16)
    # What it has in memory, it has once.
    few = 4 * sum(MEMORY.values())
    assert actors_for(16, few, 1_000, {})[StageName.CHUNK] == 4
    assert actors_for(16, few, 1_000, {}, [StageName.EXTRACT])[StageName.CHUNK] == 5
    assert actors_for(4, GIB, 9, {"extract": 3}, [StageName.EXTRACT])[StageName.EXTRACT] == 3


def test_a_stage_waits_where_it_asks_a_model_for_some_more_documents_than_questions():
    settings = Settings()
    assert assembly.waits(settings) == {}
    llm = settings.llm.model_copy(update={"concurrency": 16})
    extract = settings.extract.model_copy(update={"extractor": "llm"})
    relate = settings.relate.model_copy(update={"relations": "llm"})
    both = settings.model_copy(update={"llm": llm, "extract": extract, "relate": relate})
    assert assembly.waits(both) == {StageName.EXTRACT: 20, StageName.RELATE: 20}
