"""Settings → stages and stores: the only place that picks concrete ones.

Heavy libraries are imported inside the functions that need them, and engines load their models
when they are first used or told to, so that a command which only reads does not wait for a model.
"""

from pipeline.assembly.deciding import open_desk
from pipeline.assembly.live import open_live, open_mirror
from pipeline.assembly.reading import (
    list_failures,
    list_skipped,
    open_overview,
    open_reader,
    projects_at_work,
)
from pipeline.assembly.registries import NameRules, Rules, open_owner, open_registry
from pipeline.assembly.showing import open_examples, refresh_context, shown_for, with_shown
from pipeline.assembly.spending import open_account, ways
from pipeline.assembly.stages import (
    Engines,
    Hosted,
    Question,
    ask_by_meaning,
    build_stage,
    build_stages,
    host_stage,
    plan,
    waits,
)
from pipeline.assembly.stores import (
    Stores,
    open_backlog,
    open_blobs,
    open_fetcher,
    open_filling,
    open_ledger,
    open_link,
    open_objects,
    open_progress,
    open_publishers,
    open_services,
    open_stores,
    open_write_behind,
)

__all__ = [
    "Engines",
    "Hosted",
    "NameRules",
    "Question",
    "Rules",
    "Stores",
    "ask_by_meaning",
    "build_stage",
    "build_stages",
    "host_stage",
    "list_failures",
    "list_skipped",
    "open_account",
    "open_backlog",
    "open_blobs",
    "open_desk",
    "open_examples",
    "open_fetcher",
    "open_filling",
    "open_ledger",
    "open_link",
    "open_live",
    "open_mirror",
    "open_objects",
    "open_overview",
    "open_owner",
    "open_progress",
    "open_publishers",
    "open_reader",
    "open_registry",
    "open_services",
    "open_stores",
    "open_write_behind",
    "plan",
    "projects_at_work",
    "refresh_context",
    "shown_for",
    "waits",
    "ways",
    "with_shown",
]
