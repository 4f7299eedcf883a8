"""What language models would cost, may cost, and did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.assembly.stages import waits
from pipeline.documents import StageName
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


def ways(settings: Settings) -> Sequence[Way]:
    """Say how the stages that the settings name ask a language model; none if none does."""
    from pipeline.llm.asking import Message, Question
    from pipeline.llm.context import Budget
    from pipeline.llm.estimating import finding, relating
    from pipeline.llm.examples import shipped
    from pipeline.llm.prompts import form_to_find, form_to_relate
    from pipeline.llm.schema_file import read_schema

    asking = waits(settings)
    if not asking:
        return ()
    schema, model = read_schema(), settings.llm.model
    examples = shipped(schema.name)

    def to_find(messages: tuple[Message, ...]) -> Question:
        form = form_to_find(schema, bounded=True)
        return Question(model=model, messages=messages, form_name="entities", form=form)

    def to_relate(messages: tuple[Message, ...]) -> Question:
        form = form_to_relate(schema, bounded=True)
        return Question(model=model, messages=messages, form_name="relations", form=form)

    known = {
        StageName.EXTRACT: finding(schema, examples, to_find, Budget()),
        StageName.RELATE: relating(schema, examples, to_relate, Budget()),
    }
    return [known[stage] for stage in asking]
