"""What notebooks call: the graph as DataFrames, drawings, and texts with their mentions marked.

    from pipeline.explore import open_project
    case = open_project("demo")
    case.entities()

Entities are asked for by any form of their name or by id, documents by path or id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline import graph_cards
from pipeline.engines.sentences import Sentences
from pipeline.errors import UnavailableError, UsageError
from pipeline.marking import Mark, Marked, passages, whole
from pipeline.settings import Settings, load_settings
from pipeline.stores.graph_reader import WHO_WHAT_WHERE, GraphReader
from pipeline.stores.graph_rows import DocumentRow, EntityRow

if TYPE_CHECKING:
    import networkx
    import pandas

    from pipeline.drawing import Picture
    from pipeline.passages import Nearness

TYPED_WEIGHT = 3
"""How many co-mentions a stated relationship counts for when the nearest neighbours are chosen."""

CANDIDATES = 3
"""How many neighbours are looked up for each that is shown: some are dates."""


def open_project(name: str, settings: Settings | None = None) -> Project:
    """Open a project, starting the embedded services where no URLs are set.

    Raises UsageError if there is no project of that name.
    """
    from pipeline.stores import migrating, postgres
    from pipeline.stores.embedded import ensure_services
    from pipeline.stores.project_reader import find_project

    settings = settings or load_settings()
    urls = ensure_services(settings)
    migrating.migrate(urls.database_url)
    engine = postgres.connect(urls.database_url)
    return Project(name, GraphReader(engine, find_project(engine, name)), settings)


class Project:
    """One project's published graph."""

    def __init__(self, name: str, reader: GraphReader, settings: Settings) -> None:
        self.name = name
        self._reader = reader
        self._settings = settings
        self._sentences = Sentences()

    def __repr__(self) -> str:
        return f"Project({self.name!r})"

    def close(self) -> None:
        """Close the connections; the services go on running."""
        self._reader.close()

    # Tables

    def entities(
        self,
        types: Sequence[str] | None = WHO_WHAT_WHERE,
        match: str | None = None,
        limit: int | None = 1_000,
    ) -> pandas.DataFrame:
        """List entities, most connected first; `types` None means dates and money too."""
        return _frame(
            (row._asdict() for row in self._reader.entities(types, limit, match)),
            ("id", "name", "type", "degree", "mentions", "documents"),
        ).set_index("id")

    def documents(self) -> pandas.DataFrame:
        """List the documents."""
        return _frame(
            (row._asdict() for row in self._reader.documents()), DocumentRow._fields
        ).set_index("id")

    def mentions(self, entity: str, limit: int | None = None) -> pandas.DataFrame:
        """List an entity's mentions, each with its sentence."""
        found = self._reader.mentions(self.entity(entity).id, limit)
        cards = (graph_cards.mention_card(mention, self._sentences) for mention in found)
        return _frame(cards, ("source", "page", "start", "end", "text", "sentence"))

    def relationships(self, entity: str | None = None, limit: int = 1_000) -> pandas.DataFrame:
        """List the stated relationships of an entity, or of all, with the words that state them."""
        if entity is None:
            facts = list(self._reader.facts(limit))
        else:
            facts = self._reader.entity_facts(self.entity(entity).id, limit)
        ends = {id_ for fact in facts for id_ in (fact.subject_id, fact.object_id)}
        names = self._reader.entities_by_id(sorted(ends)) if ends else {}
        columns = ("subject_name", "predicate", "object_name", "score", "source", "page", "quote")
        frame = _frame(graph_cards.fact_cards(facts, names), columns)
        return frame.rename(columns={"subject_name": "subject", "object_name": "object"})

    def search(self, words: str, limit: int = 20) -> pandas.DataFrame:
        """Find words in the documents, each hit in its sentence, best first."""
        return self._hits(self._reader.search(words, limit))

    def similar(self, text: str, limit: int = 20) -> pandas.DataFrame:
        """Find what means nearly the same. Raises UnavailableError while there are no vectors."""
        if not self._reader.vector_counts()[0]:
            raise UnavailableError("no chunk of this project has a vector yet; run it again")
        from pipeline import assembly

        asked = assembly.ask_by_meaning(self._settings, text)
        hits = self._reader.similar(asked.vector.tolist(), limit)
        return self._hits(hits, asked.nearness)

    def _hits(self, hits: Iterable[Any], nearness: Nearness | None = None) -> pandas.DataFrame:
        """Make a table of hits."""
        cards = (graph_cards.hit_card(hit, self._sentences, nearness) for hit in hits)
        return _frame(cards, ("source", "page", "sentence", "score"))

    def timeline(self, entity: str) -> pandas.DataFrame:
        """Count an entity's mentions by the date of their documents: `mentions` and `documents`
        by day. Documents that say no date of their own are left out.
        """
        import pandas

        rows = [
            (mention.document_date, mention.content_id)
            for mention in self._reader.mentions(self.entity(entity).id)
            if mention.document_date
        ]
        frame = pandas.DataFrame(rows, columns=["date", "document"])
        dates = pandas.to_datetime(frame["date"], utc=True, errors="coerce", format="ISO8601")
        frame["date"] = dates.dt.tz_localize(None).dt.normalize()
        by_day = frame.dropna().groupby("date")["document"]
        return pandas.DataFrame({"mentions": by_day.count(), "documents": by_day.nunique()})

    # Pictures

    def graph(self, entity: str, depth: int = 1, neighbours: int = 14) -> networkx.Graph:
        """Take the graph around an entity: up to `depth` steps, at each node the `neighbours`
        nearest, of who, what and where. Nodes are entity ids with `name`, `type`, `mentions`;
        edges have `predicates`, `weight` and, for a stated relationship, a `quote`.
        """
        import networkx

        centre = self.entity(entity)
        around = {centre.id: self._edges_of(centre.id)}
        frontier, chosen = [centre.id], {centre.id}
        for _ in range(depth):
            near = [node for one in frontier for node in self._nearest(around[one], neighbours)]
            frontier = list(dict.fromkeys(node for node in near if node not in chosen))
            chosen |= set(frontier)
            around |= {node: self._edges_of(node) for node in frontier}
        graph: networkx.Graph = networkx.Graph()
        for row in self._reader.entities_by_id(sorted(chosen)).values():
            graph.add_node(row.id, name=row.name, type=row.type, mentions=row.mentions)
        for one, edges in around.items():
            for other, edge in edges.items():
                if other in graph:
                    graph.add_edge(one, other, **edge)
        return graph

    def _edges_of(self, entity: str) -> dict[str, dict[str, Any]]:
        """Gather an entity's edges by neighbour."""
        edges: dict[str, dict[str, Any]] = {}
        for row in self._reader.co_mentions(entity):
            edges[row.entity_id] = {"predicates": ["co_mentioned"], "weight": row.weight}
        for fact in self._reader.entity_facts(entity):
            other = fact.object_id if fact.subject_id == entity else fact.subject_id
            edge = edges.setdefault(other, {"predicates": [], "weight": 0})
            if fact.predicate not in edge["predicates"]:
                edge["predicates"].append(fact.predicate)
            edge["weight"] += TYPED_WEIGHT
            edge.setdefault("quote", fact.quote)
        return edges

    def _nearest(self, edges: dict[str, dict[str, Any]], count: int) -> list[str]:
        """Choose the neighbours with the heaviest edges; dates and the like are passed over."""
        order = sorted(edges, key=lambda node: (-edges[node]["weight"], node))
        rows = self._reader.entities_by_id(order[: count * CANDIDATES]) if order else {}
        shown = [node for node in order if node in rows and rows[node].type in WHO_WHAT_WHERE]
        return shown[:count]

    def draw(self, entity: str, depth: int = 1, neighbours: int = 14) -> Picture:
        """Draw the graph around an entity; a notebook shows the figure that is returned."""
        from pipeline import drawing

        centre = self.entity(entity)
        graph = self.graph(centre.id, depth, neighbours)
        return drawing.draw(graph, centre.id, f"around {centre.name}, in {self.name}")

    def draw_timeline(self, entity: str) -> Picture:
        """Draw an entity's mentions over time."""
        from pipeline import timeline_drawing

        centre = self.entity(entity)
        return timeline_drawing.draw(self.timeline(centre.id), centre.name)

    # Texts

    def marked(self, what: str, start: int = 0, length: int = 4_000, limit: int = 10) -> Marked:
        """Show a document's text with all its mentions marked (`length` characters from `start`),
        or an entity's mentions in their sentences (the first `limit`).
        """
        documents = self._reader.find_documents(what)
        if len(documents) == 1:
            return self._marked_document(documents[0], start, length)
        entity = self.entity(what)
        rows = []
        for mention in self._reader.mentions(entity.id, limit):
            found = graph_cards.mention_passage(mention, self._sentences)
            marks = [Mark(*span, mention.type, entity.name) for span in found.marks]
            rows.append((f"{mention.source}, page {mention.page}", found.text, marks))
        return passages(rows)

    def _marked_document(self, document: DocumentRow, start: int, length: int) -> Marked:
        """Mark a part of a document's text."""
        text = self._reader.text(document.id)
        end = min(start + length, len(text))
        inside = [
            mention
            for mention in self._reader.document_mentions(document.id)
            if start <= mention.start and mention.end <= end
        ]
        names = self._reader.entities_by_id([mention.entity_id for mention in inside])
        marks = [
            Mark(
                mention.start - start,
                mention.end - start,
                mention.type,
                f"{mention.type}: {names[mention.entity_id].name}",
            )
            for mention in inside
        ]
        more = f"… {len(text) - end:,} more characters" if end < len(text) else ""
        return whole(document.source, text[start:end], marks, more)

    def entity(self, what: str) -> EntityRow:
        """Find one entity. Raises UsageError if there is none of that name, or several."""
        found = self._reader.find_entities(what)
        if len(found) == 1:
            return found[0]
        if found:
            listed = "; ".join(f"{row.id} {row.type} {row.name}" for row in found[:8])
            raise UsageError(f"{len(found)} entities are called {what!r}; ask by id: {listed}")
        near = ", ".join(graph_cards.suggestions(self._reader, what))
        raise UsageError(f"no entity is called {what!r}" + (f"; like it are: {near}" * bool(near)))


def _frame(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> pandas.DataFrame:
    """Make a table of some columns; it has them also when it is empty."""
    import pandas

    return pandas.DataFrame(
        [[row[column] for column in columns] for row in rows], columns=list(columns)
    )
