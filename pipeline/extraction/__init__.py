"""The `extract` stage: chunks → mentions, with the parse of the sentences that hold them."""

from pipeline.extraction.stage import ExtractStage

__all__ = ["ExtractStage"]
