"""What commands read of projects: they wait for no PostgreSQL that does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.overview import Overview
    from pipeline.stores.project_reader import FailureRow, SkippedRow


def open_reader(urls: ServiceUrls, project: str) -> GraphReader:
    """Open the published graph of a project, by its id."""
    from pipeline.stores.graph_reader import GraphReader

    return GraphReader(_answering(urls), project)


def open_overview(urls: ServiceUrls, project: str, top: int) -> Overview:
    """Sum up what a project holds, by its id, with its `top` best connected entities."""
    from pipeline.stores.overview import overview

    return overview(_answering(urls), project, top)


def list_failures(
    urls: ServiceUrls, project: str, limit: int
) -> tuple[list[FailureRow], tuple[str, int]]:
    """List the first documents of a project, by its id, that failed, with the commonest reason of
    all and how many have it.
    """
    from pipeline.stores.project_reader import commonest_failure, failures

    engine = _answering(urls)
    rows = list(failures(engine, project, limit))
    return rows, commonest_failure(engine, project) if len(rows) == limit else ("", 0)


def list_skipped(urls: ServiceUrls, project: str, limit: int) -> list[SkippedRow]:
    """List the first documents of a project, by its id, that were not looked into."""
    from pipeline.stores.project_reader import skipped

    return list(skipped(_answering(urls), project, limit))


def projects_at_work(urls: ServiceUrls) -> list[str]:
    """Name the projects that a run is working on at this moment."""
    from pipeline.stores.project_reader import at_work

    return at_work(_answering(urls))


def _answering(urls: ServiceUrls) -> Engine:
    """Connect for a command: if PostgreSQL does not answer, it ends with one line."""
    from pipeline.stores import postgres

    return postgres.connect(urls.database_url)
