"""What was asked of language models and what it cost, in numbers and in words: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.documents import Value
from pipeline.errors import UsageError
from pipeline.llm.asking import Price, Usage
from pipeline.llm.charging import MILLIONTHS, dollars


class Spent(Value):
    """What some calls came to. Of `calls` some `failed`, by the code of their failure, some are
    `lost`, of which nothing was heard, and some are `under_way`. `cost` is in millionths of a US
    dollar; of a lost call it is the most that it may have come to, and of one that is under way
    that is `set_aside`, and no part of it.
    """

    calls: int = 0
    failed: Mapping[str, int] = {}
    lost: int = 0
    under_way: int = 0
    usage: Usage = Usage()
    cost: int = 0
    set_aside: int = 0

    def as_json(self) -> dict[str, Any]:
        """Give the object that commands print with `--json`; money is in US dollars."""
        return {
            "calls": self.calls,
            "failed": dict(self.failed),
            "lost": self.lost,
            "under_way": self.under_way,
            **self.usage.model_dump(),
            "cost": self.cost / MILLIONTHS,
            "set_aside": self.set_aside / MILLIONTHS,
        }

    def __str__(self) -> str:
        """Say it in one line."""
        calls = "1 call" if self.calls == 1 else f"{self.calls:,} calls"
        usage = self.usage
        cached = f" ({usage.tokens_cached:,} of them cached)" if usage.tokens_cached else ""
        wrong = [
            f"{count:,} {word}"
            for word, count in (("failed", sum(self.failed.values())), ("lost", self.lost))
            if count
        ]
        badly = f" ({', '.join(wrong)})" if wrong else ""
        return (
            f"{calls}{badly}, {usage.tokens_in:,} tokens in{cached}, {usage.tokens_out:,} out, "
            f"{dollars(self.cost)}"
        )


NOTHING_SPENT = Spent()


def price_of(model: str, prices: Mapping[str, Price]) -> Price:
    """Find what a model costs. Raises UsageError that says how to set it."""
    if (price := prices.get(model)) is not None:
        return price
    example = {model: {"input": 0.15, "output": 0.6}}
    raise UsageError(
        f"the model {model!r} has no price, so nothing can be said of its cost; set it, in US "
        f"dollars for a million tokens: CASEGRAPH_LLM__PRICES='{json.dumps(example)}', or in "
        f"casegraph.toml [llm.prices.{json.dumps(model)}] with input and output (0 for a model "
        "that is free)"
    )
