"""Following a chain of checkpoints: what the whole of resuming rests on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import StageName
from pipeline.errors import UnavailableError
from pipeline.generations import raised
from pipeline.stage import INPUTS, STAGES, Chain, Link, Plan, StageIdentity

SOURCE = ("ab" * 32, "text/plain")
PLAN = Plan(identities=tuple(StageIdentity(stage=stage, version="1") for stage in STAGES))


def known_of(plan: Plan, stages: int, source=SOURCE) -> dict[tuple[StageName, str], str]:
    """Make the checkpoints of the first stages, each with a digest of its own."""
    chain, known = Chain(), {}
    for stage in STAGES[:stages]:
        print_ = plan.fingerprint(stage, chain, *source)
        known[stage, print_] = f"digest of {print_}"
        chain = chain.extended(Link(stage=stage, fingerprint=print_, digest=known[stage, print_]))
    return known


@given(st.integers(0, 5))
def test_a_chain_ends_at_the_first_gap(stages):
    chain = PLAN.follow(*SOURCE, known_of(PLAN, stages))
    assert len(chain.links) == stages
    assert chain.gap == (STAGES[stages] if stages < 5 else None)


@pytest.mark.parametrize("missing", STAGES)
def test_what_stands_behind_a_gap_does_not_count(missing):
    known = {key: digest for key, digest in known_of(PLAN, 5).items() if key[0] != missing}
    assert PLAN.follow(*SOURCE, known).gap == missing


@pytest.mark.parametrize("changed", STAGES)
def test_a_changed_stage_runs_again_with_those_after_it_only(changed):
    other = Plan(
        identities=tuple(
            one.model_copy(update={"version": "2"}) if one.stage == changed else one
            for one in PLAN.identities
        )
    )
    assert other.follow(*SOURCE, known_of(PLAN, 5)).gap == changed
    assert other.digest != PLAN.digest


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_another_output_before_makes_what_was_built_on_it_worthless(stage):
    known = known_of(PLAN, 5)
    [key] = [key for key in known if key[0] == stage]
    known[key] = "another digest"
    assert PLAN.follow(*SOURCE, known).gap == STAGES[STAGES.index(stage) + 1]


def test_another_source_has_another_chain():
    assert PLAN.follow("cd" * 32, "text/plain", known_of(PLAN, 5)).links == ()
    assert PLAN.follow(SOURCE[0], "text/html", known_of(PLAN, 5)).links == ()


def test_stages_read_only_what_came_before():
    for stage, before in INPUTS.items():
        assert all(STAGES.index(one) < STAGES.index(stage) for one in before)


def test_a_chain_takes_links_in_order_only():
    with pytest.raises(ValueError, match="does not follow"):
        Chain().extended(Link(stage=StageName.CHUNK, fingerprint="f", digest="d"))
    with pytest.raises(LookupError):
        Chain().link(StageName.OCR)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_was_built_is_the_one_that_was_planned(stage):
    named = StageIdentity(stage=stage, version="1", configuration={"schema": "a", "model": "m"})
    plan = Plan(identities=tuple(named if one.stage == stage else one for one in PLAN.identities))
    plan.check(named)
    # Who builds a stage knows nothing of its generation.
    raised(plan, stage).check(named)
    other = {"schema": "b", "model": "m", "more": 1}
    with pytest.raises(UnavailableError, match=rf"the {stage} stage is another.*more, schema\)"):
        plan.check(named.model_copy(update={"configuration": other}))
    with pytest.raises(UnavailableError, match=r"\(version\)"):
        plan.check(named.model_copy(update={"version": "2"}))
