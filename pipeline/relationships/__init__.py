"""The stage `relate`: who did what to whom, each with the sentence that says so.

Four families, each a table of patterns with names: verbs and roles over the dependency parse
(`verbs`, `roles`, matched by `pattern` and `walk`), words between two mentions (`between`), the
heads of mails, and co-mention (`mail`).
"""

from pipeline.relationships.stage import RelateStage

__all__ = ["RelateStage"]
