"""Has actors started on the nodes of Ray, and waits for what they answer."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from actors.hosted_actor import LOOKING, GoneError, HostedActor
from actors.workplace import Workplace
from pipeline.errors import CasegraphError, TemporaryError, UnavailableError


def hosted(
    place: Workplace,
    what: str,
    kind: type,
    *arguments: object,
    calls: int = 1,
    node: str = "",
    silence: float | None = None,
    gpus: float = 0.0,
) -> HostedActor:
    """Have an actor of a run started on a node, or where the coordinator is. It takes so many
    `calls` at once, and so much of a GPU: Ray shows a process no other than it asked for, and gives
    a part of one to nobody who would make it more than a whole; see `HostedActor` for `silence`.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = node or ray.get_runtime_context().get_node_id()
    options: dict[str, Any] = {
        "num_cpus": 0, "num_gpus": gpus, "max_restarts": -1, "max_task_retries": 0,
        "max_concurrency": calls,
        # Ray would keep word of each call, in memory, for its dashboard.
        "enable_task_events": False,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=False),
    }  # fmt: skip
    if silence is not None:
        options["concurrency_groups"] = {LOOKING: 1}
    actor: Any = ray.remote(**options)(kind).remote(*arguments)
    settings = place.settings
    most, start = settings.run.growth_bytes, settings.limits.start_seconds
    return HostedActor(what, actor, most, start, here, silence, on_gpu=gpus > 0)


async def answer_of(what: str, asked: Awaitable[Any]) -> Any:
    """Wait for the answer of an actor that is asked again if need be.

    Raises TemporaryError for one that failed and may be repeated, UnavailableError for what a
    repetition would not mend, and whatever a fault of the actor's own is.
    """
    from ray.exceptions import RayActorError, RayTaskError

    try:
        return await asked
    except RayTaskError as error:
        if isinstance(error.cause, CasegraphError) and not isinstance(error.cause, TemporaryError):
            raise UnavailableError(f"{what} failed: {error.cause}") from error
        raise error.cause from error
    except RayActorError as error:
        raise TemporaryError(f"the {what} process died and is started again") from error
    except GoneError as error:
        raise TemporaryError(str(error)) from error
