"""The settings of language models: a part of `pipeline.settings`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from pipeline.llm.asking import MOST_ATTEMPTS, Price
from pipeline.section import Section

OPENAI_URL = "https://api.openai.com/v1"

_PLAIN_URL = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?", re.IGNORECASE)


class LlmSettings(Section):
    """Which language model is asked, where, and with what patience.

    `answer_format` says how the form of an answer is asked for: by its JSON schema, as any JSON, or
    in the prompt's words alone, for endpoints that know no better. `answer_bound` is the name under
    which the bound of an answer is sent; with `sampling` off no temperature is sent.
    `seconds` is for one try, `tries` for one question, `concurrency` for each process; requests and
    tokens per minute are for all processes together. A question waits `wait_seconds` at most: for
    its turn under these, or since the endpoint says so. `prices` are by model.

    Of a stage that asks a language model these decide what comes out: model, `answer_format`,
    `answer_bound`, `sampling`, `temperature`, and what follows. `schema_file` says what is asked
    for; without one it is the legal schema that is shipped. An answer has `answer_tokens` at most;
    `form_bounds` also bounds its lists in its form, which not every endpoint understands. One that
    cannot be used is asked for `answers` times in all; then the document fails, or, with the
    `fallback`, the chunk is read without the model. With `second_pass` it is asked once more for
    the names that it missed. What is said around a chunk has `context_tokens` at most, and
    `context_names` names in each of its lists; with the `context` of the project it also says what
    that knew when it was last told to look (`--refresh-context`).
    """

    base_url: str = OPENAI_URL
    key: SecretStr | None = None
    model: str = ""
    answer_format: Literal["schema", "json", "text"] = "schema"
    answer_bound: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    sampling: bool = True
    seconds: float = Field(120.0, gt=0)
    tries: int = Field(5, ge=1)
    concurrency: int = Field(16, ge=1)
    requests_per_minute: int | None = Field(None, ge=1)
    tokens_per_minute: int | None = Field(None, ge=1)
    wait_seconds: float = Field(300.0, ge=0)
    prices: dict[str, Price] = Field(default_factory=dict)
    schema_file: Path | None = None
    temperature: float = Field(0.0, ge=0, le=2)
    answer_tokens: int = Field(2048, ge=16)
    form_bounds: bool = False
    answers: int = Field(3, ge=1, le=MOST_ATTEMPTS)
    fallback: Literal["fail", "local"] = "fail"
    second_pass: bool = False
    context: Literal["document", "project"] = "document"
    context_tokens: int = Field(1_000, ge=0)
    context_names: int = Field(40, ge=0)

    @field_validator("schema_file")
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        """Say where a file is also to a process that runs in another folder."""
        return path.expanduser().absolute() if path else None

    @field_validator("base_url")
    @classmethod
    def _is_plain(cls, url: str) -> str:
        """Refuse what is no address, and a password in it: it would be shown in messages."""
        wrong = "must be http:// or https:// with a host, without user, password, query or blanks"
        try:
            port = urlsplit(url).port
        except ValueError:
            port = 0
        if port == 0 or not _PLAIN_URL.fullmatch(url):
            raise ValueError(wrong)
        return url.rstrip("/")

    @field_validator("key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr | None) -> SecretStr | None:
        """Take a line break off the end; refuse what no header can carry. A key that is empty is
        none.
        """
        value = key.get_secret_value().strip() if key else ""
        if not (value.isascii() and value.isprintable()) or " " in value:
            raise ValueError("a key has only letters, digits and signs of ASCII, and no blanks")
        return SecretStr(value) if value else None
