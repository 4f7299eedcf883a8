"""The whole flow for one document, in this process: what every other way of running must equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pipeline.documents import (
    CaseRecord,
    Chunks,
    DocumentFailure,
    ExtractedText,
    Mentions,
    NamedText,
    Names,
    Pages,
    Payload,
    Relationships,
    Source,
    StageName,
)
from pipeline.llm.charging import Charge, charged_to
from pipeline.stage import INPUTS, STAGES, Plan, Stage

Out = TypeVar("Out", bound=Payload)


@dataclass(frozen=True)
class Stages:
    """The five stages, built."""

    ocr: Stage[Source, Pages]
    chunk: Stage[Pages, Chunks]
    extract: Stage[Chunks, Mentions]
    resolve: Stage[ExtractedText, Names]
    relate: Stage[NamedText, Relationships]

    @property
    def plan(self) -> Plan:
        """Collect the stages' identities."""
        return Plan(identities=tuple(getattr(self, stage).identity for stage in STAGES))


class DocumentFailedError(Exception):
    """A stage gave a failure instead of a payload."""

    def __init__(self, failure: DocumentFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def process(source: Source, stages: Stages, charge: Charge | None = None) -> CaseRecord:
    """Run the five stages on one source; `charge` says on whose account they may ask a language
    model. Raises DocumentFailedError.
    """
    if charge is None:
        return _processed(source, stages)
    with charged_to(charge):
        return _processed(source, stages)


def _processed(source: Source, stages: Stages) -> CaseRecord:
    """Run the five stages on one source."""
    pages = _one(stages.ocr, source)
    chunks = _one(stages.chunk, pages)
    mentions = _one(stages.extract, chunks)
    names = _one(stages.resolve, ExtractedText(chunks=chunks, mentions=mentions))
    relationships = _one(stages.relate, NamedText(chunks=chunks, mentions=mentions, names=names))
    return CaseRecord(
        pages=pages, chunks=chunks, mentions=mentions, names=names, relationships=relationships
    )


def _one(stage: Stage[Any, Out], value: object) -> Out:
    """Run a stage on a batch of one."""
    [answer] = stage([value])
    if isinstance(answer, DocumentFailure):
        raise DocumentFailedError(answer)
    return answer


def stage_input(stage: StageName, payloads: Mapping[StageName, Payload]) -> object:
    """Put together what a stage after `ocr` takes from the checkpoints it reads."""
    parts: Sequence[Payload] = [payloads[before] for before in INPUTS[stage]]
    if stage is StageName.RESOLVE:
        chunks, mentions = parts
        return ExtractedText(chunks=cast(Chunks, chunks), mentions=cast(Mentions, mentions))
    if stage is StageName.RELATE:
        chunks, mentions, names = parts
        return NamedText(
            chunks=cast(Chunks, chunks),
            mentions=cast(Mentions, mentions),
            names=cast(Names, names),
        )
    [only] = parts
    return only
