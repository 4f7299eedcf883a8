"""The `resolve` stage: mentions → names, pure and per document."""

from pipeline.resolution.stage import ResolveStage

__all__ = ["ResolveStage"]
