"""The stage `relate`: who did what to whom, each with the sentence that says so.

Four families, each a table of patterns with names: verbs (`courts`, `deals`, `payments`, `firms`,
`work`, `encounters`, `lives`) and `roles` over the dependency parse, matched by `pattern` and
`walk`; words between two mentions (`surface_…`, matched by `between`); the heads of mails, and
co-mention (`mail`).
"""

from pipeline.relationships.stage import RelateStage

__all__ = ["RelateStage"]
