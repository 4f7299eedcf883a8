"""What a language model finds beside the local extractor: `python benchmarks/real_model.py --help`.

The endpoint is that of the settings (CASEGRAPH_LLM__BASE_URL, …__MODEL, …). Gold documents go
through the stages behind `ocr`, one after the other, and each question is asked.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import gold, report
from measuring.noted import NotedAnswers
from measuring.scoring import (
    Score,
    found_facts,
    found_names,
    labelled_facts,
    labelled_names,
)
from rich.console import Console
from rich.table import Table

from pipeline import assembly, identity
from pipeline.documents import (
    DocumentFailure,
    ExtractedText,
    Mentions,
    NamedText,
    Page,
    Pages,
    Relationships,
    StageName,
)
from pipeline.llm.charging import Charge, charged_to
from pipeline.settings import Settings, load_settings
from pipeline.stores.memory import MemoryBlobs, NoVectors

OUTPUT = Path(__file__).resolve().parent / "results" / "real_model.json"
CHARGE = Charge(identity.project_id("benchmark"), content="benchmark")
SHOWN = ("model", "answer_format", "answer_tokens", "form_bounds", "answers", "second_pass",
         "context", "context_tokens")  # fmt: skip


def main() -> None:
    """Measure, print, and write JSON."""
    options = read_options()
    settings = load_settings()
    documents = gold.read(options.gold, None)[: options.documents]
    local = Extraction(settings_of(settings, "spacy", "patterns"))
    relations = "patterns" if options.names_only else "llm"
    asking = Extraction(settings_of(settings, "llm", relations))
    for number, document in enumerate(documents, 1):
        for extraction in (local, asking):
            extraction.read(document)
        took = f"{asking.seconds:,.0f} s, {asking.answers.usage['calls']} calls"
        print(f"{number} of {len(documents)} documents ({took})", file=sys.stderr, flush=True)
        # After each document: what took half an hour is not lost with the last one.
        result = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": report.machine(),
            "gold": {"file": options.gold.name, "documents": number},
            "asked_for": ["names"] if options.names_only else ["names", "relations"],
            "settings": settings.llm.model_dump(mode="json", include=set(SHOWN)),
            "language_model": asking.figures(number),
            "local": local.figures(number),
        }
        report.write(result, options.output.resolve())
        if options.answers:
            write_answers(asking.answers, options.answers)
    show(result)
    print(f"written to {options.output}")


def write_answers(answers: NotedAnswers, path: Path) -> None:
    """Write what was asked and answered, a JSON line each."""
    lines = [json.dumps(text, ensure_ascii=False) for text in answers.texts]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, metavar="GOLD.jsonl")
    parser.add_argument("--documents", type=int, default=20, metavar="N", help="default 20")
    parser.add_argument("--names-only", action="store_true", help="ask for no relations")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="write the answers there")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def settings_of(settings: Settings, extractor: str, relations: str) -> Settings:
    """Say who reads. A chunk without an answer that can be used fails no document; what is read
    there in the model's place is not counted.
    """
    return settings.model_copy(
        update={
            "extract": settings.extract.model_copy(update={"extractor": extractor}),
            "relate": settings.relate.model_copy(
                update={"relations": relations, "co_mentions": False}
            ),
            "llm": settings.llm.model_copy(update={"fallback": "local"}),
        }
    )


class Extraction:
    """One way to read documents, and what came of it."""

    def __init__(self, settings: Settings) -> None:
        self.answers = NotedAnswers()
        self.seconds = 0.0
        self._names, self._facts = Score(), Score()
        self._dropped: dict[str, Counter[str]] = {"entities": Counter(), "relations": Counter()}
        self._asks = settings.extract.extractor == "llm"
        self._relates = settings.relate.relations == "llm"
        engines = assembly.Engines(settings, self.answers)  # type: ignore[arg-type]
        engines.recognizer.load()
        engines.rules.load()
        self._local = getattr(engines.recognizer, "_local", None)
        self._stages = {
            stage: assembly.build_stage(stage, settings, engines, NoVectors(), MemoryBlobs())
            for stage in StageName
            if stage is not StageName.OCR
        }

    def read(self, document: Mapping[str, Any]) -> None:
        """Read a document, and count what is right."""
        text = document["text"]
        pages = Pages(text=text, pages=(Page(number=1, start=0, end=len(text)),), language="en")
        chunks = self._stage(StageName.CHUNK, pages)
        began = time.monotonic()
        with charged_to(CHARGE):
            mentions = self._stage(StageName.EXTRACT, chunks)
            names = self._stage(StageName.RESOLVE, ExtractedText(chunks=chunks, mentions=mentions))
            relationships = self._stage(
                StageName.RELATE, NamedText(chunks=chunks, mentions=mentions, names=names)
            )
        self.seconds += time.monotonic() - began
        self._score(document, mentions, relationships)

    def _stage(self, stage: StageName, value: object) -> Any:
        """Run a stage on one value. Raises SystemExit if it gives no answer."""
        [given] = self._stages[stage]([value])
        if isinstance(given, DocumentFailure):
            raise SystemExit(f"{stage}: {given.message}")
        return given

    def _score(
        self, document: Mapping[str, Any], mentions: Mentions, relationships: Relationships
    ) -> None:
        own = [x for x in mentions.mentions if not (self._local and x.model == self._local.model)]
        told = [x for x in relationships.relationships if not self._relates or x.rule[:4] == "llm "]
        self._names.add(found_names(document["text"], own), labelled_names(document))
        self._facts.add(found_facts(document, mentions.mentions, told), labelled_facts(document))
        self._dropped["entities"].update(mentions.dropped)
        self._dropped["relations"].update(relationships.dropped)

    def figures(self, documents: int) -> dict[str, Any]:
        """Say what came of it."""
        figures: dict[str, Any] = {
            "names": self._names.as_json(),
            "relations": self._facts.as_json(),
            "seconds_a_document": round(self.seconds / documents, 2),
        }
        if not self._asks:
            return figures
        used = self.answers
        return {
            **figures,
            **{
                f"{form}_said": {
                    "said": used.said[form],
                    "ungrounded": dropped["ungrounded"],
                    "share_ungrounded": _share(dropped["ungrounded"], used.said[form]),
                    "dropped": dict(dropped),
                    "share_dropped": _share(sum(dropped.values()), used.said[form]),
                }
                for form, dropped in self._dropped.items()
            },
            "calls": used.usage["calls"],
            "answers_not_used": dict(used.failed),
            **{
                f"{kind}_a_document": round(used.usage[kind] / documents, 1)
                for kind in ("tokens_in", "tokens_cached", "tokens_out")
            },
        }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def show(result: Mapping[str, Any]) -> None:
    """Print both side by side; without relations of the model these are those of patterns."""
    table = Table(title=f"{result['gold']['documents']} documents of {result['gold']['file']}")
    for name in ("", result["settings"]["model"], "local"):
        table.add_column(name, justify="right" if name else "left")
    sides: Sequence[Mapping[str, Any]] = result["language_model"], result["local"]
    for what in ("names", "relations"):
        for figure in ("precision", "recall", "f1"):
            table.add_row(f"{what}: {figure}", *(f"{side[what][figure]:.3f}" for side in sides))
    table.add_row("seconds a document", *(f"{x['seconds_a_document']:.2f}" for x in sides))
    table.add_section()
    of_model = result["language_model"]
    for form in ("entities", "relations"):
        said = of_model[f"{form}_said"]
        table.add_row(f"{form} said", f"{said['said']:,}")
        table.add_row("  share ungrounded", f"{said['share_ungrounded']:.3f}")
        table.add_row("  share dropped", f"{said['share_dropped']:.3f}")
    for kind in ("tokens_in", "tokens_cached", "tokens_out"):
        table.add_row(f"{kind} a document", f"{of_model[f'{kind}_a_document']:,.0f}")
    table.add_row("calls, and without use", f"{of_model['calls']}, {of_model['answers_not_used']}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
