"""A real language model behind a real server, and a run of the command line that asks it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.llm.fetching import chosen, models_folder
from tests.llm.serving import served


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the base URL of a server for the model that LLM names, for all tests."""
    path = models_folder() / chosen(os.environ.get("LLM", "0.5B")).file
    assert path.exists(), f"{path} is not there; `make test-llm` fetches it"
    with served(path, tmp_path_factory.mktemp("server") / "log") as url:
        yield url
