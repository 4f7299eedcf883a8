"""What notebooks call: the graph as DataFrames, drawings, and texts with their mentions marked.

    from pipeline.explore import open_project
    case = open_project("demo")
    case.entities()

Entities are asked for by any form of their name or by id, documents by path or id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline import graph_cards, registry_cards, registry_review
from pipeline.engines.sentences import Sentences
from pipeline.errors import UnavailableError, UsageError
from pipeline.marked_texts import of_document, of_entity
from pipeline.marking import Marked
from pipeline.run_view import RunView
from pipeline.settings import Settings, load_settings
from pipeline.stores.graph_reader import WHO_WHAT_WHERE
from pipeline.stores.graph_rows import DocumentRow, EntityRow
from pipeline.who import login_name

if TYPE_CHECKING:
    import networkx
    import pandas

    from pipeline.decision_desk import DecisionDesk
    from pipeline.decision_outcome import Outcome
    from pipeline.drawing import Picture
    from pipeline.example_desk import ExampleDesk
    from pipeline.passages import Nearness
    from pipeline.stores.llm_account import LlmAccount
    from pipeline.stores.run_progress import RunProgress


def open_project(name: str, settings: Settings | None = None) -> Project:
    """Open a project, starting the embedded services where no URLs are set.

    Raises UsageError if there is no project of that name.
    """
    from pipeline import assembly
    from pipeline.example_desk import ExampleDesk
    from pipeline.stores import migrating, postgres
    from pipeline.stores.embedded import ensure_services
    from pipeline.stores.llm_account import LlmAccount
    from pipeline.stores.project_reader import find_project
    from pipeline.stores.run_progress import RunProgress

    settings = settings or load_settings()
    urls = ensure_services(settings)
    migrating.migrate(urls.database_url)
    engine = postgres.connect(urls.database_url)
    desk = assembly.open_desk(settings, urls, find_project(engine, name), engine=engine)
    account = LlmAccount(engine, desk.reader.project_id)
    progress = RunProgress(engine, account.project, assembly.open_link(settings, urls))
    return Project(name, desk, settings, ExampleDesk.on(engine), account, progress)


class Project:
    """One project's published graph, and where people decide which names are one thing."""

    def __init__(
        self,
        name: str,
        desk: DecisionDesk,
        settings: Settings,
        examples: ExampleDesk,
        account: LlmAccount,
        progress: RunProgress,
    ) -> None:
        self.name = name
        self._examples = examples
        self._account, self._progress = account, progress
        self._desk = desk
        self._reader = desk.reader
        self._settings = settings
        self._sentences = Sentences()

    def __repr__(self) -> str:
        return f"Project({self.name!r})"

    def close(self) -> None:
        """Close the connections; the services go on running."""
        self._reader.close()

    def progress(self) -> RunView:
        """Say where the run at work is, or how the last one ended; `.watch()` goes on with it."""
        return RunView.of(self._progress, patience=self._settings.run.patience_seconds)

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

    def costs(self, by: str = "document", limit: int | None = 1_000) -> pandas.DataFrame:
        """List what language models were asked and cost, in US dollars, by document, model, run or
        stage, the most expensive first.
        """
        from pipeline.stores.llm_account import By, row_json

        if by not in set(By):
            raise UsageError(f"costs are listed by {', '.join(By)}, not by {by!r}")
        rows = (row_json(row) for row in self._account.costs(By(by), limit))
        columns = ("what", "calls", "failed", "lost", "tokens_in", "tokens_out", "tokens_cached")
        return _frame(rows, (*columns, "cost")).rename(columns={"what": by})

    # Pictures

    def graph(self, entity: str, depth: int = 1, neighbours: int = 14) -> networkx.Graph:
        """Take the graph around an entity: up to `depth` steps, at each node the `neighbours`
        nearest, of who, what and where. Nodes are entity ids with `name`, `type`, `mentions`;
        edges have `predicates`, `weight` and, for a stated relationship, a `quote`.
        """
        from pipeline.neighbourhood import graph_around

        return graph_around(self._reader, self.entity(entity).id, depth, neighbours)

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
            return of_document(self._reader, documents[0], start, length)
        return of_entity(self._reader, self.entity(what), limit, self._sentences)

    # Which names are one thing

    def explain(self, entity: str, limit: int = 100) -> pandas.DataFrame:
        """List the names of an entity, what joined each `with` which other and why; then, not
        `together` with it, what stayed out and why.
        """
        card = registry_cards.explained(self._desk, self.entity(entity).id, limit)
        return _frame(
            registry_cards.told(card), ("name", "type", "mentions", "together", "with", "why")
        )

    def review(self, limit: int = 50) -> pandas.DataFrame:
        """List the pairs of entities that may be one and that nobody decided on, the most useful
        first, with the reasons and a quote from each side. `one_id` and `other_id` are what `merge`
        and `never` take.
        """
        cards = registry_review.Review(self._desk, self._sentences).cards(limit)
        columns = ("one", "other", "score", "why", "one_quote", "other_quote", "one_id", "other_id")
        return _frame(map(registry_review.pair_row, cards), columns)

    def merge(self, *entities: str, why: str = "", by: str | None = None) -> Outcome:
        """Decide that entities are one. `by` is who decides, by default your login name."""
        return self._desk.merge(entities, by or login_name(), why)

    def never(self, one: str, other: str, why: str = "", by: str | None = None) -> Outcome:
        """Decide that two entities are never one."""
        return self._desk.never(one, other, by or login_name(), why)

    def split(
        self,
        entity: str,
        names: Sequence[str] | str = (),
        documents: Sequence[str] | str = (),
        why: str = "",
        by: str | None = None,
    ) -> Outcome:
        """Decide that `names` leave an entity, together, or that in `documents` its names are
        another's.
        """
        if bool(names) == bool(documents):
            raise UsageError("say which names leave, or in which documents they are another's")
        who = by or login_name()
        if names:
            return self._desk.split_names(entity, _listed(names), who, why)
        return self._desk.split_documents(entity, _listed(documents), who, why)

    def undo(self, number: int | None = None, why: str = "", by: str | None = None) -> Outcome:
        """Take a decision back, by default the last that counts."""
        return self._desk.undo(number, by or login_name(), why)

    def decisions(self) -> pandas.DataFrame:
        """List what was decided, the last first; `state` says whether it counts."""
        columns = ("number", "kind", "names", "documents", "who", "when", "why", "state")
        return _frame(self._desk.listed(), columns).set_index("number")

    # What a language model is shown

    def examples(self, task: str | None = None) -> pandas.DataFrame:
        """List the examples for finding names ("find"), for relating them ("relate"), or both, of
        the schema in use; `used` says whether this project uses them.
        """
        from pipeline.example_desk import COLUMNS, example_row
        from pipeline.llm.schema_file import read_schema

        domain = read_schema(self._settings.llm.schema_file).name
        cards = self._examples.cards_of(self._reader.project_id, domain, task)
        return _frame(map(example_row, cards), COLUMNS)

    def entity(self, what: str) -> EntityRow:
        """Find one entity. Raises UsageError if there is none of that name, or several."""
        return self._desk.entity(what)


def _listed(one_or_more: Sequence[str] | str) -> Sequence[str]:
    """Take one text for a list of it."""
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


def _frame(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> pandas.DataFrame:
    """Make a table of some columns; it has them also when it is empty."""
    import pandas

    return pandas.DataFrame(
        [[row[column] for column in columns] for row in rows], columns=list(columns)
    )
