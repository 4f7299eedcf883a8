"""Whether one entity stands for one thing, given the right spans: `linking.py --help`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import gold
from measuring.b_cubed import Fault, agreement, faults
from measuring.gold import Labelled

from pipeline import identity
from pipeline.documents import NameScope
from pipeline.engines.name_books import NameBooks
from pipeline.registry.blocks import LiveName, MemoryBlocks
from pipeline.registry.comparing import Comparing
from pipeline.registry.decisions import Constraints
from pipeline.registry.growing import Registry

PROJECT = identity.project_id("benchmark")
PLACES_SHOWN = 4


def main() -> None:
    """Link the gold mentions, and print how well as one JSON object."""
    options = read_options()
    documents = gold.read(options.gold, options.half)
    mentions = list(gold.named(documents))
    within = options.within
    true = [(one.document if within else "", one.entity) for one in mentions]
    guessed = [
        (one.document if within else "", entity)
        for one, entity in zip(mentions, entities(mentions), strict=True)
    ]
    found = agreement(true, guessed)
    result: dict[str, Any] = {
        "gold": options.gold.name,
        "half": options.half,
        "identity": "within documents" if within else "across documents",
        "documents": len(documents),
        "mentions": len(mentions),
        "precision": round(found.precision, 4),
        "recall": round(found.recall, 4),
        "f1": round(found.f1, 4),
    }
    if options.errors:
        for name, kind in (
            ("splits", faults(true, guessed)),
            ("joins", faults(guessed, true)),
        ):
            shown = list(kind)[: options.errors]
            result[name] = [described(fault, mentions) for fault in shown]
    print(json.dumps(result, indent=1 if options.errors else None, ensure_ascii=False))


def entities(mentions: Sequence[Labelled]) -> list[str]:
    """Give each mention's entity, as the registry makes them of all names at once."""
    ids = [
        identity.name_id(
            PROJECT,
            one.name.type,
            one.name.normal,
            one.document if one.name.scope is NameScope.CONTENT else None,
        )
        for one in mentions
    ]
    names = {
        id_: LiveName(id_, one.name.type, one.name.normal, one.name.keys)
        for id_, one in zip(ids, mentions, strict=True)
    }
    registry = Registry(MemoryBlocks(names.values()), Constraints(), Comparing(NameBooks()))
    found: dict[str, str] = {}
    for grown in registry.rebuild(names):
        found |= grown.entities
    return [found[id_] for id_ in ids]


def described(fault: Fault, mentions: Sequence[Labelled]) -> dict[str, Any]:
    """Say what was split or joined, the costliest parts first: words, names, documents."""
    parts = []
    for places in fault.parts:
        of = [mentions[place] for place in places]
        documents = Counter(one.document for one in of)
        parts.append(
            {
                "entity": of[0].entity,
                "texts": dict(Counter(one.text for one in of).most_common()),
                "name": f"{of[0].name.type} / {of[0].name.normal}",
                "documents": [name for name, _ in documents.most_common(PLACES_SHOWN)],
            }
        )
    return {"loss": round(fault.loss, 2), "parts": parts}


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, metavar="GOLD.jsonl")
    parser.add_argument("--within", action="store_true", help="identity holds in a document only")
    parser.add_argument("--half", choices=("odd", "even"), help="every other document only")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="the N costliest")
    return parser.parse_args()


if __name__ == "__main__":
    main()
