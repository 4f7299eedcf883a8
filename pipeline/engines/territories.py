"""Countries and their parts, as rigour has them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any


@cache
def territories() -> Sequence[Mapping[str, Any]]:
    """List rigour's territories by code, countries last: what maps names to them lets these win."""
    from rigour._core import territories_jsonl

    rows = [json.loads(line) for line in territories_jsonl().splitlines()]
    return sorted(rows, key=lambda row: (row.get("is_country", False), row["code"]))
