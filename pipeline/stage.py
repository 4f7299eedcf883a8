"""What a stage is, and how the five hang together: pure, no I/O.

A stage opens no connection and knows no Ray. Its identity is all that decides its output beside
its inputs; whoever runs it computes the fingerprint and asks the checkpoint store first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from pydantic import Field

from pipeline import identity
from pipeline.documents import (
    Chunks,
    DocumentFailure,
    Mentions,
    Names,
    PageCount,
    PageRange,
    Pages,
    Payload,
    Relationships,
    Source,
    StageName,
    Value,
)
from pipeline.errors import UnavailableError

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", bound=Payload, covariant=True)

STAGES: tuple[StageName, ...] = tuple(StageName)

INPUTS: Mapping[StageName, tuple[StageName, ...]] = {
    StageName.OCR: (),
    StageName.CHUNK: (StageName.OCR,),
    StageName.EXTRACT: (StageName.CHUNK,),
    StageName.RESOLVE: (StageName.CHUNK, StageName.EXTRACT),
    StageName.RELATE: (StageName.CHUNK, StageName.EXTRACT, StageName.RESOLVE),
}
"""Which checkpoints a stage reads; `ocr` reads the source itself."""

PAYLOADS: Mapping[StageName, type[Payload]] = {
    StageName.OCR: Pages,
    StageName.CHUNK: Chunks,
    StageName.EXTRACT: Mentions,
    StageName.RESOLVE: Names,
    StageName.RELATE: Relationships,
}


class StageIdentity(Value):
    """All that decides a stage's output beside its inputs.

    `version` names the code and, where one is used, the library and the model with its hash.
    `generation` is raised when a user forces the stage to run again.
    """

    stage: StageName
    version: str
    configuration: dict[str, Any] = Field(default_factory=dict)
    generation: int = 0

    def fingerprint(self, input_digests: Sequence[str]) -> str:
        """Hash this identity with the digests of the inputs."""
        return identity.fingerprint(
            self.stage, self.version, self.configuration, self.generation, input_digests
        )


class Stage(Protocol, Generic[In, Out]):
    """One call on a batch; one answer for each input, in order, and no exception for a bad one."""

    @property
    def identity(self) -> StageIdentity:
        """Say what decides this stage's output."""
        ...

    def __call__(self, inputs: Sequence[In]) -> Sequence[Out | DocumentFailure]:
        """Run on a batch. The answer for one input never depends on its neighbours."""
        ...


class ReadsPages(Protocol):
    """An `ocr` that reads a long document in ranges of pages, and joins them: with the answer that
    it gives for the whole.
    """

    def read(
        self, source: Source, pages: PageRange | None = None, at_once: int | None = None
    ) -> Pages | PageCount | DocumentFailure:
        """Read a source, or some pages of it as a part. One of more than `at_once` pages is counted
        only.
        """
        ...

    def join(self, parts: Sequence[Pages]) -> Pages | DocumentFailure:
        """Join all parts of a source, in order."""
        ...


class Link(Value):
    """One checkpoint of a chain: which output of which stage."""

    stage: StageName
    fingerprint: str
    digest: str


class Chain(Value):
    """The checkpoints of a content that are there, from the first stage to the first gap."""

    links: tuple[Link, ...] = ()

    @property
    def gap(self) -> StageName | None:
        """Name the first stage whose checkpoint is missing; None when all five are there."""
        return STAGES[len(self.links)] if len(self.links) < len(STAGES) else None

    def link(self, stage: StageName) -> Link:
        """Get a stage's link. Raises LookupError if the chain does not reach it."""
        for link in self.links:
            if link.stage == stage:
                return link
        raise LookupError(f"the chain has no {stage}")

    def extended(self, link: Link) -> Chain:
        """Add the checkpoint of the first missing stage."""
        if link.stage != self.gap:
            raise ValueError(f"{link.stage} does not follow {[x.stage.value for x in self.links]}")
        return Chain(links=(*self.links, link))


class Plan(Value):
    """The five stages' identities: a project's configuration, as far as it decides results."""

    identities: tuple[StageIdentity, ...]

    def identity_of(self, stage: StageName) -> StageIdentity:
        """Get a stage's identity."""
        return self.identities[STAGES.index(stage)]

    def check(self, built: StageIdentity) -> None:
        """See that a stage which was built is the one that is named here, but for its generation:
        else its results would be kept under a name that is not theirs. Raises UnavailableError.
        """
        named = self.identity_of(built.stage)
        here = {"version": built.version, **built.configuration}
        there = {"version": named.version, **named.configuration}
        others = sorted(
            name for name in here.keys() | there.keys() if here.get(name) != there.get(name)
        )
        if others:
            raise UnavailableError(
                f"the {built.stage} stage is another one here than the run was planned with "
                f"({', '.join(others)}); install the same casegraph and models on all machines, "
                "and give them the same settings and files"
            )

    @property
    def digest(self) -> str:
        """Hash the plan: the project's configuration digest."""
        return identity.configuration_digest(self.model_dump(mode="json"))

    def fingerprint(self, stage: StageName, chain: Chain, sha256: str, media_type: str) -> str:
        """Compute the fingerprint of the next checkpoint of `stage`, given those before it."""
        digests = [chain.link(before).digest for before in INPUTS[stage]]
        return self.identity_of(stage).fingerprint(
            digests or [identity.source_digest(sha256, media_type)]
        )

    def follow(
        self, sha256: str, media_type: str, known: Mapping[tuple[StageName, str], str]
    ) -> Chain:
        """Follow the chain of a content through `known`: (stage, fingerprint) → digest.

        What is there under another fingerprint belongs to another configuration, or was built on
        an output that lost; it is not part of the chain.
        """
        chain = Chain()
        while (stage := chain.gap) is not None:
            print_ = self.fingerprint(stage, chain, sha256, media_type)
            digest = known.get((stage, print_))
            if digest is None:
                break
            chain = chain.extended(Link(stage=stage, fingerprint=print_, digest=digest))
        return chain
