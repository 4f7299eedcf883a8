"""Every Redis key. Ids may be strings or UUIDs: both make the same key."""

from __future__ import annotations

from uuid import UUID

Id = str | UUID

WRITE_BEHIND = "writebehind"
WRITE_BEHIND_GROUP = "persistence"
DEAD_LETTERS = "writebehind:dead"
UNPERSISTED_BYTES = "writebehind:bytes"
PACE = "pace"
"""What begins the keys that count requests and tokens to a model; the library writes the rest."""


def checkpoint(content: Id, stage: str, fingerprint: str, part: str = "") -> str:
    """Name a stage's output for one content."""
    base = f"doc:{content}:{stage}:{fingerprint}"
    return f"{base}:{part}" if part else base


def dead_value(entry: str) -> str:
    """Name the value of an entry that PostgreSQL refused."""
    return f"{DEAD_LETTERS}:{entry}"


def document_status(document: Id) -> str:
    """Name a document's live status."""
    return f"doc:{document}:status"


def document_context(content: Id) -> str:
    """Name a content's head and metadata, as prompts use them."""
    return f"doc:{content}:context"


def canonicals(project: Id) -> str:
    """Name a project's entities: entity → canonical record."""
    return f"project:{project}:canonicals"


def names(project: Id) -> str:
    """Name which entity each name of a project is in; one that is not there is its own."""
    return f"project:{project}:names"


def graph(project: Id) -> str:
    """Name the strongest neighbours of each entity of a project."""
    return f"project:{project}:graph"


def patterns(project: Id, type_: str) -> str:
    """Name the surface patterns of a type in a project, with their counts."""
    return f"project:{project}:patterns:{type_}"


def recent(project: Id) -> str:
    """Name the last extractions of a project."""
    return f"project:{project}:recent"


def project_context(project: Id) -> str:
    """Name the summary of a project."""
    return f"project:{project}:context"


def snapshot(project: Id) -> str:
    """Name what a project knew at one moment, for questions to a language model."""
    return f"project:{project}:snapshot"


def sketches(content: Id) -> str:
    """Name the sketches of a content's chunks."""
    return f"doc:{content}:sketches"


def filling(project: Id, what: str) -> str:
    """Name a part of a project's live state that is being brought together: canonicals, names,
    graph, snapshot; or who does so.
    """
    return f"project:{project}:filling:{what}"


def examples(domain: str, task: str) -> str:
    """Name the sets of few-shot examples of a domain and task: hash → examples."""
    return f"examples:{domain}:{task}"


def embedding(model: str, text_hash: str) -> str:
    """Name the vector of a text."""
    return f"emb:{model}:{text_hash}"


def llm_response(model: str, request_hash: str) -> str:
    """Name a model's answer to a request."""
    return f"llm:{model}:{request_hash}"


def run(run: Id, what: str) -> str:
    """Name one of a run's live values: progress."""
    return f"run:{run}:{what}"
