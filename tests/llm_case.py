"""Documents go through all stages with a scripted language model, real PostgreSQL and Valkey."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger_case import LedgerCase
from scripted_llm import Asked, Behaviour, Exchange, Script, ScriptedLlm, always, answering

from pipeline import assembly, identity
from pipeline.assembly.llm import Answers
from pipeline.documents import CaseRecord, DocumentFailure, Source
from pipeline.engines.spacy_recognizer import SpacyRecognizer
from pipeline.llm.charging import Charge
from pipeline.process import DocumentFailedError, Stages, process
from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores.memory import MemoryBlobs, MemoryVectors
from tests.checkpoint_case import link_to

KEY = "sk-canary-Zq81xWvT0pLmN5rBdK2jHyU7"
TEXT = re.compile(r"<<TEXT (\w+)>>\n(.*)\n<<END TEXT \1>>", re.DOTALL)
NAME = re.compile(r'^(\d+)\. "(.*)" ([A-Z_]+)$', re.MULTILINE)
Relation = tuple[str, str, str, str]


def chunk_in(asked: Asked) -> str:
    """Get the chunk that a question is about, as the model sees it."""
    found = next(
        found
        for message in reversed(asked.body["messages"])
        if message["role"] == "user" and (found := TEXT.search(message["content"]))
    )
    return found[2].replace("\u200b", "")


def names_in(asked: Asked) -> dict[str, int]:
    """Get the names that a question is about, with their numbers."""
    said = asked.body["messages"][-1]["content"]
    return {name: int(number) for number, name, _ in NAME.findall(said)}


def model_of(
    entities: Mapping[str, str], relations: Sequence[Relation] = (), *, always_: bool = False
) -> Script:
    """Answer as a model does that knows these names and relations: with what is in the chunk, or
    `always_` with all of it.
    """

    def said(asked: Asked) -> object:
        chunk = chunk_in(asked)
        if asked.form_name == "entities":
            known = {name: type_ for name, type_ in entities.items() if always_ or name in chunk}
            return {"entities": [{"text": name, "type": type_} for name, type_ in known.items()]}
        numbers = names_in(asked)
        return {
            "relations": [
                {
                    "subject": numbers[subject],
                    "predicate": predicate,
                    "object": numbers[object_],
                    "quote": quote,
                }
                for subject, predicate, object_, quote in relations
                if {subject, object_} <= numbers.keys() and (always_ or quote in chunk)
            ]
        }

    return always(answering(said))


def at_question(number: int, do: Any, script: Script) -> Script:
    """Do something before the answer to that question, counted from 0."""

    def answer(asked: Asked) -> Behaviour:
        def behave(exchange: Exchange, asked: Asked) -> None:
            if asked.number == number:
                do()
            script(asked)(exchange, asked)

        return behave

    return answer


@dataclass
class LlmCase(LedgerCase):
    """One project, whose stages ask the scripted model as the settings say."""

    llm: ScriptedLlm = None  # type: ignore[assignment]
    url: str = ""
    folder: Path = Path()
    _engines: dict[str, assembly.Engines] = field(default_factory=dict)
    _loaded: dict[str, Any] = field(default_factory=dict)
    _open: list[assembly.Engines] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.link = link_to(self.url)

    def settings(self, **sections: Mapping[str, Any]) -> Settings:
        llm = {
            "base_url": self.llm.url, "key": KEY, "model": "small", "tries": 1, "answers": 2,
            "seconds": 20, **sections.pop("llm", {}),
        }  # fmt: skip
        defaults: dict[str, Any] = {
            "extract": {"extractor": "llm"},
            "relate": {"relations": "llm", "co_mentions": False},
            "chunk": {"max_tokens": 40},
        }
        return Settings(home=self.folder, llm=llm, **(defaults | sections))

    def engines(self, settings: Settings, **more: Any) -> assembly.Engines:
        """Build engines as a new process would; models are loaded once for all."""
        answers = Answers(self.engine, self.link, 1000)
        engines = assembly.Engines(settings, answers, **more)
        for name in ("parser", "sentences", "embedder", "rules", "books"):
            cached = self._engines.setdefault("all", engines)
            engines.__dict__[name] = getattr(cached, name)
        self._share_spacy(engines)
        return engines

    def _share_spacy(self, engines: assembly.Engines) -> None:
        """Let all recognisers use the spaCy model that was loaded first."""
        recognizer: Any = engines.recognizer
        local = recognizer if isinstance(recognizer, SpacyRecognizer) else recognizer._local
        for name in ("_nlp", "_dictionary"):
            if name not in self._loaded:
                self._loaded[name] = getattr(local, name)
            local.__dict__[name] = self._loaded[name]

    def stages(self, settings: Settings, **more: Any) -> Stages:
        engines = self.engines(settings, **more)
        stages = assembly.build_stages(settings, engines, MemoryVectors(), MemoryBlobs())
        self._open.append(engines)
        return stages

    def close(self) -> None:
        for engines in self._open:
            engines.close()
        self.link.client.close()

    def source(self, text: str) -> Source:
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{sha256[:12]}.txt"
        path.write_bytes(data)
        return Source(
            path=str(path), name=path.name, sha256=sha256, media_type="text/plain", size=len(data)
        )

    def read(self, text: str, stages: Stages, run: str | None = None) -> CaseRecord:
        return process(self.source(text), stages, Charge(self.project, run))

    def failure(self, text: str, stages: Stages) -> DocumentFailure:
        try:
            self.read(text, stages)
        except DocumentFailedError as error:
            return error.failure
        raise AssertionError("the document did not fail")

    def publish_record(self, text: str, record: CaseRecord) -> None:
        """Publish what the stages gave, under this case's plan."""
        given = (
            record.pages, record.chunks, record.mentions, record.names, record.relationships
        )  # fmt: skip
        name = identity.text_key(text)[:8]
        self.publish(name, text, payloads=dict(zip(STAGES, given, strict=True)))

    def calls(self, state: str = "answered") -> int:
        return int(self.value("SELECT count(*) FROM llm_calls WHERE state = :state", state=state))


def facts(record: CaseRecord) -> list[tuple[str, str, str, str]]:
    """Write relationships in words: subject, predicate, object, evidence."""
    mentions, text = record.mentions.mentions, record.pages.text
    return [
        (
            mentions[r.subject].text,
            r.predicate.value,
            mentions[r.object].text,
            text[r.start : r.end],
        )
        for r in record.relationships.relationships
    ]


def named(record: CaseRecord) -> dict[str, str]:
    """Write mentions in words: text and type, with the subtype."""
    for mention in record.mentions.mentions:
        assert record.pages.text[mention.start : mention.end] == mention.text
    return {
        m.text: f"{m.type.value}{f' {m.subtype}' if m.subtype else ''}"
        for m in record.mentions.mentions
    }


def shown(asked: Asked) -> str:
    """Write the last message of a question."""
    return json.dumps(asked.body["messages"][-1], ensure_ascii=False)
