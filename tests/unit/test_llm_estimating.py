"""What a corpus would cost is told from its chunks, before anything is asked."""

from __future__ import annotations

import pytest

from pipeline.documents import StageName
from pipeline.llm.asking import Message, Price, Question, Usage
from pipeline.llm.context import Budget, Context, tokens_of
from pipeline.llm.estimating import NOTHING, Estimate, Way, finding, of_document, relating
from pipeline.llm.examples import shipped
from pipeline.llm.prompts import to_find, to_relate
from pipeline.llm.schema_file import read_schema

TEXT = "Ann Lee met Bob Ray in Kessington on 4 March 2011, and Osei paid for it all. " * 10
CHUNKS = [TEXT, TEXT, TEXT]


def question(messages: tuple[Message, ...]) -> Question:
    return Question(model="m", messages=messages, form_name="f", at_most=300)


def way(**more: object) -> Way:
    def ask(text: str) -> Question:
        return question(
            (Message(role="system", content="Names?"), Message(role="user", content=text))
        )

    return Way(StageName.EXTRACT, ask, **more)  # type: ignore[arg-type]


def test_a_question_is_counted_with_its_context_and_its_answer() -> None:
    of_text = tokens_of(TEXT)
    found = of_document(CHUNKS, [way(context=100, added=0.1, said=0.5)], {})
    asked = 3 * (tokens_of("Names?") + of_text + round(of_text * 0.1)) + 2 * 100
    assert found == Estimate(
        documents=1,
        chunks=3,
        questions=3,
        usage=Usage(tokens_in=asked, tokens_out=3 * (10 + round(of_text * 0.5))),
    )
    assert of_document([TEXT], [way(first_context=70)], {}).usage.tokens_in == (
        of_document([TEXT], [way()], {}).usage.tokens_in + 70
    )


def test_no_answer_is_longer_than_it_may_be() -> None:
    assert of_document([TEXT * 20], [way()], {}).usage.tokens_out == 300


def test_what_has_an_answer_costs_nothing() -> None:
    nothing = of_document(CHUNKS, [way()], {StageName.EXTRACT: 7})
    assert (nothing.questions, nothing.kept, nothing.usage) == (0, 3, Usage())
    of_one = of_document([TEXT], [way(first_context=50, context=50)], {})
    rest = of_document(CHUNKS, [way(context=50)], {StageName.EXTRACT: 2, StageName.RELATE: 3})
    assert (rest.questions, rest.kept, rest.usage) == (1, 2, of_one.usage)


def test_each_stage_that_asks_is_counted() -> None:
    schema, examples, budget = read_schema(), shipped("legal"), Budget(tokens=100)
    ways = [
        finding(lambda text: question(to_find(schema, text, Context(), examples)), budget),
        relating(lambda text: question(to_relate(schema, text, (), Context(), examples)), budget),
    ]
    both = of_document(CHUNKS, ways, {})
    assert both == of_document(CHUNKS, ways[:1], {}) + of_document(CHUNKS, ways[1:], {}).model_copy(
        update={"documents": 0, "chunks": 0}
    )
    assert both.questions == 6
    # The task, the schema and the examples are sent with each.
    assert both.usage.tokens_in > 6 * 500


def test_a_second_pass_is_a_second_question() -> None:
    once = of_document(CHUNKS, [way(context=100)], {})
    twice = of_document(CHUNKS, [way(context=100, passes=2)], {})
    assert twice.questions == 2 * once.questions
    # It is told all of the first question, and the answer to that.
    assert twice.usage.tokens_in > 2 * once.usage.tokens_in + once.usage.tokens_out
    rest = of_document(CHUNKS, [way(context=100, passes=2)], {StageName.EXTRACT: 5})
    assert (rest.questions, rest.kept) == (2, 4)


def test_a_cost_is_told_where_there_is_a_price() -> None:
    total = sum((of_document(CHUNKS, [way()], {}) for _ in range(1_000)), start=NOTHING) + Estimate(
        unread=2
    )
    price = Price(input=1.0, output=4.0)
    assert total.cost(price) == total.usage.tokens_in + 4 * total.usage.tokens_out
    assert total.cost(None) is None
    assert total.said(price).startswith("3,000 questions about 3,000 chunks of 1,000 documents: ")
    assert total.said(price).endswith(f"about ${total.cost(price) / 1_000_000:,.2f}")  # type: ignore[operator]
    assert total.said(None).endswith("the model has no price")
    one = of_document([TEXT], [way()], {}).said(None)
    assert one.startswith("1 question about 1 chunk of 1 document: ")
    assert total.as_json(price)["cost"] == pytest.approx(total.cost(price) / 1_000_000)  # type: ignore[operator]
    assert (total.as_json(None)["cost"], total.as_json(None)["unread"]) == (None, 2)
