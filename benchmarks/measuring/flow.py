"""The five stages in this process, with their models loaded and no stores behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import assembly
from pipeline.documents import CaseRecord, DocumentFailure, Source
from pipeline.engines.media_types import detect
from pipeline.engines.parser import Parser
from pipeline.process import Stages, process
from pipeline.settings import Settings
from pipeline.sources import Fetcher, Located
from pipeline.stores.memory import MemoryBlobs
from pipeline.stores.protocols import CacheUse, Vector, Vectors


class NoVectors:
    """An embedding cache that keeps nothing, so that no chunk is ever embedded for free."""

    serves = True
    use = CacheUse()

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Know no vector."""
        return {}

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Drop the vectors."""


@dataclass(frozen=True)
class Flow:
    """The stages, built, the parser whose child they own, and the embedding model's name."""

    stages: Stages
    parser: Parser
    model: str

    def run(self, source: Source) -> CaseRecord:
        """Run the five stages on one document. Raises DocumentFailedError."""
        return process(source, self.stages)

    def close(self) -> None:
        """End the parser's child."""
        self.parser.close()


def build_flow(settings: Settings, warm_up: Path, vectors: Vectors | None = None) -> Flow:
    """Build the stages as a run does, load their models, and run one document that is not counted.

    After it, what a library does but once has been done. Torch keeps to one thread.
    """
    import torch

    torch.set_num_threads(1)
    engines = assembly.Engines(settings)
    stages = assembly.build_stages(settings, engines, vectors or NoVectors(), MemoryBlobs())
    flow = Flow(stages, engines.parser, engines.embedder.name)
    try:
        engines.embedder.load()
        engines.recognizer.load()
        flow.run(*identified([warm_up]))
    except BaseException:
        flow.close()
        raise
    return flow


def identified(paths: Sequence[Path]) -> list[Source]:
    """Hash files and tell their types, as the run does before the first stage.

    Raises SystemExit for one that cannot be read.
    """
    fetcher = Fetcher(MemoryBlobs(), detect)
    return [_source(fetcher, path) for path in paths]


def _source(fetcher: Fetcher, path: Path) -> Source:
    """Make the first stage's input of a file."""
    known = fetcher.identify(Located(uri=path.as_uri(), name=path.name))
    if isinstance(known, DocumentFailure):
        raise SystemExit(f"{path} cannot be measured: {known.message}")
    return Source(
        path=str(path),
        name=path.name,
        sha256=known.sha256,
        media_type=known.media_type,
        size=known.size,
    )
