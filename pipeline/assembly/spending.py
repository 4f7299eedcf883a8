"""What language models may cost, and did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from pipeline.stores.llm_account import LlmAccount


def open_account(urls: ServiceUrls, project: str) -> LlmAccount:
    """Open the account of a project, by its id, with language models. Connects when it is asked."""
    from pipeline.stores import postgres
    from pipeline.stores.llm_account import LlmAccount

    return LlmAccount(postgres.engine_of(urls.database_url, pool_size=1), project)
