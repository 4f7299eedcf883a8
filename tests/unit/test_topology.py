"""How many actors a stage gets, and on which node."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.autoscaling import bundles_of
from actors.balance import IDLE_LOOKS, LOOKS, Balance, Look
from actors.topology import GPU_LABEL, MEMORY, OCR_LABEL, Ask, Node, missing, placed, within
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stage import STAGES

GIB = 1 << 30
OCR, CHUNK, EXTRACT, RESOLVE, RELATE = STAGES
NODES = st.lists(
    st.builds(
        Node,
        id=st.uuids().map(str),
        cpus=st.integers(1, 128),
        memory=st.integers(0, 512 * GIB),
        labels=st.sampled_from([{}, {}, {OCR_LABEL: "true"}, {GPU_LABEL: "true"}]),
        gpus=st.sampled_from([0, 0, 1, 4]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda node: node.id,
)


def node(name="a", cpus=4, memory=64 * GIB, *labels, gpus=0):
    return Node(id=name, cpus=cpus, memory=memory, gpus=gpus, labels=dict.fromkeys(labels, "true"))


def of(placement, stage):
    return sum(count for (which, _), count in placement.items() if which == stage)


def at(placement, name):
    return {stage: count for (stage, where), count in placement.items() if where == name}


@given(NODES, st.integers(0, 10**7))
def test_every_stage_has_an_actor_and_memory_suffices(nodes, pending):
    placement = placed(nodes, pending)
    assert all(of(placement, stage) >= 1 for stage in STAGES)
    for one in nodes:
        here = at(placement, one.id)
        assert all(count <= one.cores for count in here.values())
        taken = sum(MEMORY[stage] * count for stage, count in here.items())
        assert taken <= one.memory or all(count == 1 for count in here.values())


def test_where_the_node_kept_for_a_stage_is_unfit_others_do_it():
    kept, plain = node("kept", 4, 64 * GIB, OCR_LABEL), node("plain")
    for unfit, where in (
        (frozenset(), {"kept"}),
        ({(OCR, "kept")}, {"plain"}),
        ({(OCR, "kept"), (OCR, "plain")}, set()),
    ):
        ask = Ask(unfit=frozenset(unfit))
        assert {one.id for one in ask.allowed([kept, plain])[OCR]} == where
        placement = placed([kept, plain], 10_000, ask=ask)
        assert {name for stage, name in placement if stage == OCR} == where
        assert set(at(placement, "kept")) <= {OCR}
    # What is to compute on a GPU goes nowhere else.
    gpu, ask = node("gpu", gpus=1), Ask(on_gpu=frozenset({EXTRACT}))
    lost = ask.model_copy(update={"unfit": frozenset({(EXTRACT, "gpu")})})
    assert lost.allowed([gpu, plain])[EXTRACT] == []


@given(NODES)
def test_a_node_that_joins_changes_nothing_elsewhere(nodes):
    before = placed(nodes, 10**7)
    after = placed([*nodes, node("new", 8)], 10**7)
    plain = [one for one in nodes if not Ask().kept_for(one)]
    for one in plain:
        assert at(before, one.id).items() >= at(after, one.id).items()
    assert at(after, "new")


def test_cores_are_used_when_there_is_work_for_them():
    small = at(placed([node()], 1_000), "a")
    assert small == {OCR: 1, CHUNK: 2, EXTRACT: 2, RESOLVE: 1, RELATE: 1}
    assert of(placed([node()], 3), EXTRACT) == 1


def test_a_small_node_loads_no_model_that_may_not_be_needed():
    assert set(placed([node(cpus=2)], 1_000).values()) == {1}
    scans = placed([node(cpus=2)], 1_000, {**dict.fromkeys(STAGES, 0.05), OCR: 3.0})
    assert at(scans, "a") == {OCR: 2, CHUNK: 1, EXTRACT: 1, RESOLVE: 1, RELATE: 1}


def test_a_large_node_is_shared_by_what_the_stages_cost():
    texts = placed([node(cpus=16)], 10_000)
    scans = placed([node(cpus=16)], 10_000, {**dict.fromkeys(STAGES, 0.05), OCR: 3.0})
    assert of(texts, EXTRACT) > of(texts, OCR) >= 1
    assert of(scans, OCR) == 16
    assert of(scans, EXTRACT) == 1
    # All cores have something to do, whichever of the models is at work for a while.
    assert 16 <= sum(texts.values()) <= 2 * 16


def test_a_node_of_little_memory_has_fewer_actors():
    whole, some = placed([node(cpus=16)], 10_000), placed([node(cpus=16, memory=8 * GIB)], 10_000)
    assert 5 <= sum(some.values()) < sum(whole.values())


def test_nodes_are_kept_for_what_their_labels_say():
    nodes = [
        node("plain"),
        node("scans", 8, 64 * GIB, OCR_LABEL),
        node("gpu", 8, 64 * GIB, GPU_LABEL, gpus=2),
    ]
    placement = placed(nodes, 10_000, ask=Ask(on_gpu=frozenset({EXTRACT})))
    assert at(placement, "scans").keys() == {OCR}
    assert at(placement, "gpu").keys() == {EXTRACT}
    assert at(placement, "plain").keys() == {CHUNK, RESOLVE, RELATE}
    # A GPU that nobody computes on makes a node no other than the others.
    assert at(placed(nodes, 10_000), "gpu").keys() == {CHUNK, EXTRACT, RESOLVE, RELATE}
    # What would find no node goes anywhere.
    assert at(placed(nodes[1:2], 100), "scans").keys() == set(STAGES)


@given(NODES, st.integers(0, 10**7), st.integers(1, 5), st.sampled_from([None, 1, 3, 40]))
def test_what_computes_on_a_gpu_stands_where_there_is_one(nodes, pending, per_gpu, wanted):
    ask = Ask(
        on_gpu=frozenset({EXTRACT}),
        actors_per_gpu=per_gpu,
        actors={} if wanted is None else {"extract": wanted},
    )
    placement = placed(nodes, pending, ask=ask)
    for one in nodes:
        assert placement[EXTRACT, one.id] <= one.gpus * per_gpu
    some = any(one.gpus for one in nodes)
    assert bool(of(placement, EXTRACT)) == some
    assert bool(ask.lacks(nodes)) != some
    assert all(of(placement, stage) for stage in STAGES if stage is not EXTRACT)


def test_a_gpu_has_one_actor_or_as_many_as_share_it():
    nodes = [node("cpu", 16), node("one", 16, gpus=1), node("four", 16, gpus=4)]
    ask = Ask(on_gpu=frozenset({EXTRACT}))
    placement = placed(nodes, 10_000, ask=ask)
    assert [placement[EXTRACT, x.id] for x in nodes] == [0, 1, 4]
    # On the cores of these nodes there is as much of the other stages as there were no GPU.
    assert placement[CHUNK, "cpu"] == placement[CHUNK, "four"] == 16
    shared = placed(nodes, 10_000, ask=ask.model_copy(update={"actors_per_gpu": 3}))
    assert [shared[EXTRACT, x.id] for x in nodes] == [0, 3, 12]
    few = placed(nodes, 10_000, ask=ask.model_copy(update={"actors": {"extract": 3}}))
    assert [few[EXTRACT, x.id] for x in nodes] == [0, 0, 3]
    many = placed(nodes, 10_000, ask=ask.model_copy(update={"actors": {"extract": 30}}))
    assert [many[EXTRACT, x.id] for x in nodes] == [0, 1, 4]
    # A label that says so, where Ray finds none, keeps no node for what it cannot do.
    wrong = placed([node("a", 4, 64 * GIB, GPU_LABEL), *nodes], 10_000, ask=ask)
    assert EXTRACT not in at(wrong, "a")
    assert CHUNK in at(wrong, "a")


@given(st.integers(1, 100))
def test_as_many_as_share_a_gpu_fit_on_it_as_ray_counts(per_gpu):
    ask = Ask(on_gpu=frozenset({EXTRACT}), actors_per_gpu=per_gpu)
    assert ask.gpus_of(CHUNK) == 0
    in_parts = round(ask.gpus_of(EXTRACT) * 10_000)
    assert 0 < per_gpu * in_parts <= 10_000 < (per_gpu + 1) * in_parts


def test_a_node_with_a_gpu_is_among_those_that_a_run_takes():
    nodes = [node("a", 8), node("b", 8), node("gpu", 8, gpus=1)]
    assert [x.id for x in within(nodes, 16)] == ["a", "b"]
    assert [x.id for x in within(nodes, 16, Ask(on_gpu=frozenset({EXTRACT})))] == ["gpu", "a"]


def test_what_is_missing_where_there_is_none_is_said():
    ask = Ask(on_gpu=frozenset({EXTRACT}))
    assert "core" in Ask().lacks([])
    assert "GPU" in ask.lacks([node()])
    assert not Ask().lacks([node()])
    assert not ask.lacks([node(), node("b", gpus=1)])


def test_only_a_model_that_uses_it_computes_on_a_gpu():
    def on_gpu(stages=STAGES, **extract):
        return Ask.of(Settings(extract=extract), (), stages).on_gpu

    by = {"extractor": "transformers", "model": "owner/name"}
    assert on_gpu(**by, device="cuda") == {EXTRACT}
    # A dry run reads as far as the chunks.
    assert on_gpu((OCR, CHUNK), **by, device="cuda") == frozenset()
    assert on_gpu(**by) == on_gpu(device="cuda") == frozenset()


def test_a_cluster_is_asked_for_the_cores_and_gpus_that_a_run_wants():
    gpu = Ask(on_gpu=frozenset({EXTRACT}))
    assert bundles_of(Ask(), None) == []
    assert bundles_of(Ask(), 2) == [{"CPU": 1}] * 2
    assert bundles_of(gpu, None) == [{"GPU": 1}]
    five = gpu.model_copy(update={"actors": {"extract": 5, "ocr": 9}, "actors_per_gpu": 2})
    assert bundles_of(five, 1) == [{"CPU": 1}] + [{"GPU": 1}] * 3


def test_settings_decide():
    two = [node("a", 2), node("b", 6)]
    placement = placed(two, 9, ask=Ask(actors={"ocr": 8}))
    assert (placement[OCR, "a"], placement[OCR, "b"]) == (2, 6)
    for wrong in ({"orc": 1}, {"ocr": 0}):
        with pytest.raises(UsageError, match=r"run\.actors"):
            Ask(actors=wrong).check()


def test_one_actor_is_enough_for_a_stage_that_waits():
    two, waiting = [node("a", 16), node("b", 16)], Ask(waits=frozenset({EXTRACT}))
    assert of(placed(two, 10_000, ask=waiting), EXTRACT) == 1
    assert of(placed(two, 10_000, ask=waiting), CHUNK) > 2
    assert (
        of(placed(two, 9, ask=waiting.model_copy(update={"actors": {"extract": 3}})), EXTRACT) == 3
    )


def test_a_larger_node_that_joins_gets_no_more_of_what_there_is_enough_of():
    ask = Ask(actors={"ocr": 4}, waits=frozenset({EXTRACT}))
    small = [node("a", 4)]
    stand = placed(small, 10_000, ask=ask)
    both = placed([*small, node("b", 32)], 10_000, ask=ask)
    more = missing(both, stand, ask)
    assert more.keys() == {(stage, "b") for stage in (CHUNK, RESOLVE, RELATE)}
    gone = Counter({place: n for place, n in stand.items() if place[0] != EXTRACT})
    assert of(missing(both, gone, ask), EXTRACT) == 1


def test_where_there_is_no_node_there_is_no_actor():
    assert placed([], 100) == Counter()


def test_a_stage_waits_where_it_asks_a_model_for_some_more_documents_than_questions():
    settings = Settings()
    assert assembly.waits(settings) == {}
    llm = settings.llm.model_copy(update={"concurrency": 16})
    extract = settings.extract.model_copy(update={"extractor": "llm"})
    relate = settings.relate.model_copy(update={"relations": "llm"})
    both = settings.model_copy(update={"llm": llm, "extract": extract, "relate": relate})
    assert assembly.waits(both) == {StageName.EXTRACT: 20, StageName.RELATE: 20}


def look(queued=(), busy=()):
    return Look(
        queued={**dict.fromkeys(STAGES, 0), **dict(queued)},
        busy={(stage, "a"): count for stage, count in dict(busy).items()},
    )


def looked(balance, placement, look, times=LOOKS):
    """Take in the same look some times; the steps that come of it."""
    steps = []
    for _ in range(times):
        balance.note(look, placement)
        if step := balance.step([node(cpus=8)], placement):
            steps.append(step)
            placement[step.grow] += 1
            if step.shrink:
                placement[step.shrink] -= 1
    return steps


def placement(**counts):
    return Counter({(StageName(stage), "a"): count for stage, count in counts.items()})


def test_a_stage_gets_an_actor_where_work_waits_and_cores_do_not():
    balance, there = Balance(), placement(ocr=2, chunk=2, extract=2, resolve=1, relate=1)
    short = look({OCR: 9, CHUNK: 1}, {OCR: 2, CHUNK: 1})
    [step] = looked(balance, there, short)
    assert (step.grow, step.shrink) == ((OCR, "a"), None)
    assert looked(balance, there, look({OCR: 9}, {OCR: 3}), LOOKS - 1) == []


@pytest.mark.parametrize(
    "seen",
    [
        look({OCR: 0}, {OCR: 2}),  # nothing waits
        look({OCR: 9}, {OCR: 1}),  # an actor has nothing to do: what waits is on its way to it
        look({OCR: 9}, {OCR: 2, CHUNK: 4, EXTRACT: 2}),  # all cores are at work
    ],
)
def test_nothing_is_changed_without_need(seen):
    there = placement(ocr=2, chunk=4, extract=2, resolve=1, relate=1)
    assert looked(Balance(), there, seen, 10 * LOOKS) == []


def test_a_need_that_comes_and_goes_is_none():
    balance, there = Balance(), placement(ocr=2, chunk=2, extract=2, resolve=1, relate=1)
    for _ in range(20):
        assert looked(balance, there, look({OCR: 9}, {OCR: 2}), LOOKS - 1) == []
        assert looked(balance, there, look({OCR: 0}, {OCR: 2}), 1) == []


def test_what_stands_idle_gives_way_where_memory_is_short():
    there = placement(ocr=2, chunk=2, extract=4, resolve=1, relate=1)
    tight = node(cpus=8, memory=sum(MEMORY[stage] * n for (stage, _), n in there.items()))
    balance, seen, steps = Balance(), look({OCR: 9}, {OCR: 2}), []
    for number in range(IDLE_LOOKS + 1):
        balance.note(seen, there)
        if step := balance.step([tight], there):
            steps.append((number, step))
    [(number, step)] = steps
    assert number == IDLE_LOOKS - 1
    assert (step.grow, step.shrink) == ((OCR, "a"), (CHUNK, "a"))


def test_a_gpu_gets_no_more_actors_than_it_holds_and_gives_none_up():
    there = placement(ocr=2, chunk=2, extract=2, resolve=1, relate=1)
    ask = Ask(on_gpu=frozenset({EXTRACT}))
    assert looked(Balance(ask), there, look({EXTRACT: 9}, {EXTRACT: 2}), 10 * LOOKS) == []
    there = placement(ocr=2, chunk=1, extract=4, resolve=1, relate=1)
    tight = node(cpus=8, memory=sum(MEMORY[stage] * n for (stage, _), n in there.items()), gpus=4)
    balance, seen = Balance(ask), look({OCR: 9}, {OCR: 2})
    for _ in range(3 * IDLE_LOOKS):
        balance.note(seen, there)
        assert balance.step([tight], there) is None


def test_the_last_actor_of_a_stage_and_one_that_settings_fixed_stay():
    there = placement(ocr=2, chunk=1, extract=4, resolve=1, relate=1)
    tight = node(cpus=8, memory=sum(MEMORY[stage] * n for (stage, _), n in there.items()))
    balance, seen = Balance(Ask(actors={"extract": 4})), look({OCR: 9}, {OCR: 2})
    for _ in range(3 * IDLE_LOOKS):
        balance.note(seen, there)
        assert balance.step([tight], there) is None


@given(
    st.lists(
        st.tuples(
            st.fixed_dictionaries({stage: st.integers(0, 20) for stage in STAGES}),
            st.fixed_dictionaries({stage: st.integers(0, 3) for stage in STAGES}),
        ),
        max_size=200,
    ),
    st.integers(1, 16),
    st.integers(0, 16 * GIB),
)
def test_whatever_is_seen_steps_are_rare_and_leave_each_stage_an_actor(seen, cpus, memory):
    balance, there = Balance(), placement(ocr=1, chunk=1, extract=1, resolve=1, relate=1)
    here, last = node(cpus=cpus, memory=memory), -LOOKS
    for number, (queued, busy) in enumerate(seen):
        capped = {stage: min(count, there[stage, "a"]) for stage, count in busy.items()}
        balance.note(look(queued, capped), there)
        if step := balance.step([here], there):
            assert number - last >= LOOKS
            last = number
            there[step.grow] += 1
            if step.shrink:
                there[step.shrink] -= 1
            assert all(there[stage, "a"] >= 1 for stage in STAGES)
            assert sum(MEMORY[stage] * n for (stage, _), n in there.items()) <= memory
