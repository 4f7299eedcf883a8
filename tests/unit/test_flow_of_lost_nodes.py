"""Contents whose node goes: nobody is blamed for that, but for what nodes go down with."""

from __future__ import annotations

from actors.calls import Call, Task
from actors.crew import Crew
from actors.flow import Flow
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES, Chain

NODE_LOST = "node_lost", "the process is gone with its node"
MANY = 20


def flow_of(*names: str) -> Flow:
    """Give a flow whose first stage has two actors and takes up all contents in one call."""
    flow = Flow(Crew({stage: {0, 1} for stage in STAGES}))
    flow.speeds.learn(STAGES[0], [0.001])
    for name in names:
        flow.add(
            Task(
                content_id=name,
                document_id=name,
                located=Located(uri=f"file:///{name}", name=name),
                identified=Identified(sha256="00" * 32, media_type="text/plain", size=1),
                chain=Chain(),
            )
        )
    return flow


def held(calls: list[Call]) -> list[str]:
    return sorted(one.content_id for call in calls for one in call.tasks)


def test_what_goes_with_its_node_goes_on_as_it_was_and_nobody_is_blamed() -> None:
    flow = flow_of("a", "b", "c", "d")
    for _ in range(2):
        calls = flow.calls()
        assert [call for call in calls if call.suspect] == []
        assert held(calls) == ["a", "b", "c", "d"]
        for call in calls:
            assert flow.displaced(call, *NODE_LOST) == []
    # Nor is who shares its call any more than before.
    assert held(flow.calls()) == ["a", "b", "c", "d"]


def test_what_nodes_go_down_with_time_and_again_runs_alone_and_is_blamed() -> None:
    flow = flow_of("a")
    blames = []
    for _ in range(MANY):
        for call in flow.calls():
            blames += flow.displaced(call, *NODE_LOST)
    [blame] = blames
    assert (blame.content_id, blame.failure.error) == ("a", "node_lost")
    assert flow.in_flight == 0
