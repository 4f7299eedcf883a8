"""What language models would cost, may cost, and did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.assembly.stages import Engines, waits
from pipeline.documents import StageName
from pipeline.llm.example_sets import Task
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from pipeline.llm.estimating import Way
    from pipeline.stores.llm_account import LlmAccount


def open_account(urls: ServiceUrls, project: str) -> LlmAccount:
    """Open the account of a project, by its id, with language models. Connects when it is asked."""
    from pipeline.stores import postgres
    from pipeline.stores.llm_account import LlmAccount

    return LlmAccount(postgres.engine_of(urls.database_url, pool_size=1), project)


def ways(settings: Settings, shown: Shown) -> Sequence[Way]:
    """Say how the stages that the settings name ask a language model, as they would; none if none
    does.
    """
    from pipeline.llm.context import Budget, Context
    from pipeline.llm.estimating import finding, relating

    asking = waits(settings)
    if not asking:
        return ()
    engines = Engines(settings, shown=shown)
    find, relate = engines.interview(Task.FIND), engines.interview(Task.RELATE)
    budget = Budget(tokens=settings.llm.context_tokens, names=settings.llm.context_names)
    of_project = settings.llm.context == "project"
    passes = 2 if settings.llm.second_pass else 1
    known = {
        StageName.EXTRACT: finding(
            lambda text: find.to_find(text, Context()),
            budget,
            of_project=of_project,
            passes=passes,
        ),
        StageName.RELATE: relating(
            lambda text: relate.to_relate(text, (), Context()), budget, of_project=of_project
        ),
    }
    return [known[stage] for stage in asking]
