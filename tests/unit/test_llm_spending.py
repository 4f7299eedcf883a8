"""What was spent, in words, and how a price is set."""

from __future__ import annotations

import json
import tomllib

import pytest

from pipeline.errors import UsageError
from pipeline.llm.asking import Price, Usage
from pipeline.llm.settings import LlmSettings
from pipeline.llm.spending import NOTHING_SPENT, Spent, price_of
from pipeline.settings import load_settings


def test_what_was_spent_is_said_in_one_line() -> None:
    usage = Usage(tokens_in=12_345, tokens_out=678, tokens_cached=9_000)
    failed = {"llm_timeout": 2, "llm_refused": 1}
    spent = Spent(calls=1_200, failed=failed, lost=1, usage=usage, cost=1_234_567)
    assert str(spent) == (
        "1,200 calls (3 failed, 1 lost), 12,345 tokens in (9,000 of them cached), 678 out, $1.23"
    )
    assert str(Spent(calls=1, cost=5)) == "1 call, 0 tokens in, 0 out, $0.000005"
    assert spent.as_json()["cost"] == 1.234567
    assert spent.as_json()["failed"] == failed
    assert NOTHING_SPENT.as_json()["cost"] == 0


def test_a_price_that_is_missing_can_be_set_as_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """Also for a name with quotes and dots, as those of models are."""
    name = 'o/v1.5-"x"'
    with pytest.raises(UsageError) as raised:
        price_of(name, {})
    said = str(raised.value)
    price = Price(input=0.15, output=0.6)

    given = said.partition("CASEGRAPH_LLM__PRICES='")[2].partition("'")[0]
    assert json.loads(given)
    monkeypatch.setenv("CASEGRAPH_LLM__PRICES", given)
    monkeypatch.chdir(tmp_path)
    assert price_of(name, load_settings().llm.prices) == price

    heading = said.partition("casegraph.toml ")[2].partition(" with")[0]
    read = tomllib.loads(f"{heading}\ninput = 0.15\noutput = 0.6")
    assert price_of(name, LlmSettings.model_validate(read["llm"]).prices) == price
