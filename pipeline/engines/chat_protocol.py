"""What is sent to an endpoint that speaks as OpenAI's does, and what its answers mean: pure."""

from __future__ import annotations

import email.utils
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from pipeline.engines.key_hiding import KeyHiding
from pipeline.llm.asking import Ending, Question, Reply, Usage
from pipeline.llm.context import tokens_of
from pipeline.llm.settings import LlmSettings

READ_OF_A_MESSAGE, SHOWN_OF_A_MESSAGE = 2_000, 300
NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
BUSY = (408, 409, 429)
"""Statuses that another try may change, beside those from 500 on."""


@dataclass(frozen=True)
class Trouble:
    """Why a try got no answer. `again` says that another may, not before `after` seconds;
    `hopeless` that no question will get one until somebody does what the message says; `unheard`
    that the answer may be paid for all the same: whoever counts that has to ask for another try.
    """

    code: str
    message: str
    again: bool = False
    after: float = 0.0
    hopeless: bool = False
    unheard: bool = False


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Completion(BaseModel):
    """What is read of an answer. The client's own type demands more than many servers give."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def tokens_sent(question: Question) -> int:
    """Estimate the tokens of a question."""
    return sum(tokens_of(message.content) for message in question.messages)


def request_of(question: Question, endpoint: LlmSettings) -> dict[str, Any]:
    """Write a question as the arguments of `chat.completions.create`."""
    request: dict[str, Any] = {
        "model": question.model,
        "messages": [
            {"role": message.role, "content": _encodable(message.content)}
            for message in question.messages
        ],
        endpoint.answer_bound: question.at_most,
    }
    if endpoint.sampling and question.temperature is not None:
        request["temperature"] = question.temperature
    if endpoint.answer_format == "schema":
        form = {"name": question.form_name, "strict": True, "schema": question.form}
        request["response_format"] = {"type": "json_schema", "json_schema": form}
    elif endpoint.answer_format == "json":
        request["response_format"] = {"type": "json_object"}
    return request


def _encodable(text: str) -> str:
    """Write a question mark for each half of a pair that stands alone, as broken files have it."""
    return text.encode("utf-8", "replace").decode()


def reply_of(body: bytes, question: Question, hiding: KeyHiding) -> Reply | Trouble:
    """Read an answer. The tokens of an endpoint that counts none are estimated: they would else
    cost nothing.
    """
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = hiding.in_line(f"{where}: {first['msg']}" if where else first["msg"])
        return Trouble(
            "llm_bad_response",
            f"the endpoint answers in no known form ({message})",
            again=True,
            unheard=True,
        )
    choice = completion.choices[0]
    text = choice.message.content or choice.message.refusal or ""
    return Reply(
        text=hiding.in_answer(text),
        ending=_ending(choice),
        usage=_usage(completion, question, text),
    )


def _ending(choice: _Choice) -> Ending:
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return Ending.REFUSED
    return Ending.TOO_LONG if choice.finish_reason == "length" else Ending.DONE


def _usage(completion: _Completion, question: Question, text: str) -> Usage:
    said = completion.usage or _Usage()
    read, written = said.prompt_tokens, said.completion_tokens
    details = said.prompt_tokens_details or _Details()
    tokens_in = tokens_sent(question) if read is None else max(read, 0)
    return Usage(
        tokens_in=tokens_in,
        tokens_out=tokens_of(text) if written is None else max(written, 0),
        tokens_cached=min(max(details.cached_tokens or 0, 0), tokens_in),
    )


def refusal_of(
    status: int,
    headers: Mapping[str, str],
    body: object,
    endpoint: LlmSettings,
    hiding: KeyHiding,
    now: float,
) -> Trouble:
    """Say what a status other than success means. `body` is what its JSON holds under `error`, or
    its text; `now` is the time of day in seconds.
    """
    words = _words(body, hiding)
    said = f"; it says: {words}" if words else ""
    if to_do := _to_do(status, body):
        # Who refuses a key mostly repeats it.
        said = "" if status == 401 else said
        return Trouble("llm_unavailable", f"{endpoint.base_url} {to_do}{said}", hopeless=True)
    if status not in BUSY and status < 500:
        return Trouble("llm_bad_request", f"the endpoint refuses the question ({status}){said}")
    after = seconds_to_wait(headers, now)
    if after > endpoint.wait_seconds:
        message = (
            f"{endpoint.base_url} asks to be left alone for {after:,.0f} s ({status}); what is "
            f"done is kept: run again then, or raise CASEGRAPH_LLM__WAIT_SECONDS{said}"
        )
        return Trouble("llm_unavailable", message, hopeless=True)
    code, what = _busy(status)
    return Trouble(code, f"{what} ({status}){said}", again=True, after=after)


def _busy(status: int) -> tuple[str, str]:
    if status == 429:
        return "llm_rate_limited", "the endpoint takes no more questions for now"
    if status == 408:
        return "llm_timeout", "the endpoint gave up waiting"
    return "llm_server_error", "the endpoint failed"


def _to_do(status: int, body: object) -> str:
    """Say what an endpoint does that will do the same to every question, and what helps."""
    if status == 401:
        return "refuses the key (401): correct CASEGRAPH_LLM__KEY"
    if status == 403:
        return "does not let this key in (403): correct CASEGRAPH_LLM__KEY or CASEGRAPH_LLM__MODEL"
    if status == 404:
        return (
            "has no such model, or is no such endpoint (404): correct CASEGRAPH_LLM__MODEL or "
            "CASEGRAPH_LLM__BASE_URL"
        )
    if 300 <= status < 400:
        return f"has moved ({status}): correct CASEGRAPH_LLM__BASE_URL"
    if status == 402 or (status == 429 and _is_no_money(body)):
        return f"has no money or quota left ({status}): see to the account, and run again"
    return ""


def _is_no_money(body: object) -> bool:
    return isinstance(body, dict) and any(body.get(key) in NO_MONEY for key in ("code", "type"))


def _words(body: object, hiding: KeyHiding) -> str:
    """Give the beginning of what an endpoint says, without the key."""
    said = body.get("message") if isinstance(body, dict) else body
    # Cut only after the key is hidden, or half of it might stay.
    words = hiding.in_line(said[:READ_OF_A_MESSAGE]) if isinstance(said, str) else ""
    return words if len(words) <= SHOWN_OF_A_MESSAGE else f"{words[:SHOWN_OF_A_MESSAGE]}…"


def seconds_to_wait(headers: Mapping[str, str], now: float) -> float:
    """Read for how long an endpoint wants to be left alone: 0 where it does not say so."""
    given = headers.get("retry-after", "")
    try:
        seconds = float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        try:
            seconds = float(given)
        except ValueError:
            seconds = _until(given, now)
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _until(date: str, now: float) -> float:
    """Say how far off a date is."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
