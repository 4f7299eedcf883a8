"""OpenAI's client, for any endpoint that speaks as OpenAI's does, and which models that serves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import httpx2
import openai

from pipeline.engines.bounded_http import BoundedClient, TooLongError
from pipeline.engines.key_hiding import KeyHiding
from pipeline.errors import UnavailableError
from pipeline.llm.settings import OPENAI_URL, LlmSettings

LARGEST_BODY = 8 << 20
CONNECT_SECONDS = 10.0
LIST_SECONDS = 10.0
NO_KEY = "none"
"""What is sent where no key is set: the client would else take one from the environment, that may
be for somebody else.
"""


def hiding_of(endpoint: LlmSettings) -> KeyHiding:
    """Make what hides an endpoint's key."""
    return KeyHiding(endpoint.key.get_secret_value() if endpoint.key else "")


def client_of(endpoint: LlmSettings) -> openai.AsyncOpenAI:
    """Make the client. What it would take from the environment, which may be meant for another
    endpoint, is given. Raises UnavailableError if a key is missing.
    """
    key = endpoint.key.get_secret_value() if endpoint.key else ""
    if not key and endpoint.base_url == OPENAI_URL:
        raise UnavailableError(
            f"{OPENAI_URL} wants a key: set CASEGRAPH_LLM__KEY, or CASEGRAPH_LLM__BASE_URL to "
            "another endpoint"
        )
    patience = httpx2.Timeout(endpoint.seconds, connect=min(endpoint.seconds, CONNECT_SECONDS))
    lines = httpx2.Limits(
        max_connections=endpoint.concurrency, max_keepalive_connections=endpoint.concurrency
    )
    http = BoundedClient(LARGEST_BODY, timeout=patience, limits=lines)
    client = openai.AsyncOpenAI(
        api_key=key or NO_KEY,
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=patience,
        http_client=http,
    )
    client.organization = client.project = None
    # It tells of the headers of an answer, and some endpoints send back what they were sent.
    logging.getLogger("httpcore2").setLevel(logging.INFO)
    return client


def served_models(endpoint: LlmSettings) -> Sequence[str] | None:
    """List the models that an endpoint serves; None from one that does not list them. It costs
    nothing.

    Raises UnavailableError for one that does not answer, or refuses the key.
    """
    try:
        return asyncio.run(asyncio.wait_for(_served(endpoint), LIST_SECONDS))
    except openai.APIStatusError as error:
        if error.status_code in (401, 403):
            raise UnavailableError(
                f"{endpoint.base_url} refuses the key ({error.status_code}); correct "
                "CASEGRAPH_LLM__KEY"
            ) from None
        return None
    except (openai.APIConnectionError, TimeoutError) as error:
        words = hiding_of(endpoint).in_line(str(error.__cause__ or error))
        raise UnavailableError(
            f"{endpoint.base_url} does not answer ({words or 'no answer in time'}); start what "
            "serves the model, or correct CASEGRAPH_LLM__BASE_URL"
        ) from None
    except (openai.OpenAIError, TooLongError, ValueError, TypeError, AttributeError):
        return None


async def _served(endpoint: LlmSettings) -> list[str]:
    client = client_of(endpoint)
    try:
        return [model.id for model in (await client.models.list()).data]
    finally:
        await client.close()
