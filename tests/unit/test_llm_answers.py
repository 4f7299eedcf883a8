"""Of an answer only the right form is taken, and what is wrong with another has a name."""

from __future__ import annotations

import contextlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PermanentError
from pipeline.llm.answers import (
    LONGEST_ANSWER,
    BadAnswerError,
    SaidEntity,
    SaidRelation,
    entities_in,
    relations_in,
)
from pipeline.llm.asking import Ending, Message, Price, Question, Reply, Usage

ANN = '{"text": "Ann Lee", "type": "PERSON"}'
ACME = '{"text": "Acme", "type": "ORG"}'
BOTH = f'{{"entities": [{ANN}, {ACME}]}}'
WORKS = '{"subject": 1, "predicate": "employed_by", "object": 2, "quote": "works"}'
SAID = [SaidEntity(text="Ann Lee", type="PERSON"), SaidEntity(text="Acme", type="ORG")]
TAKEN = {
    "plain": BOTH,
    "with blanks": f"\n\n  {BOTH}\n",
    "set as code": f"```json\n{BOTH}\n```",
    "set as code of no kind": f"```\n{BOTH}\n```",
    "with words around it": f"Here is the JSON you asked for:\n{BOTH}\nIs there anything else?",
    "after thoughts": f"<think>They want {{names}}, I think [1].</think>\n{BOTH}",
    "with more than was asked": f'{{"entities": [{ANN}, {ACME}], "note": "two names"}}',
    "with one said twice": f'{{"entities": [{ANN}, {ACME}, {ANN}]}}',
}
DATES = '{"text": "1974", "type": "DATE"}, {"text": "1971", "type": "DATE"}'
ENTITY_LOOP = ", ".join([ANN] * 300)
BAD = {
    "nothing": ("", "llm_empty"),
    "blanks": (" \n ", "llm_empty"),
    "thoughts alone": ("<think>Hm.</think>", "llm_empty"),
    "words": ("There are two names in it.", "llm_invalid_json"),
    "another language": ("文中有两个名字。", "llm_invalid_json"),
    "a refusal": ("I'm sorry, but I can't help with that.", "llm_refused"),
    "a refusal, typeset": ("I’m unable to assist with this request.", "llm_refused"),
    "a refusal in German": ("Es tut mir leid, dabei kann ich nicht helfen.", "llm_refused"),
    "cut off": (BOTH[:-20], "llm_invalid_json"),
    "no comma": ('{"entities": [' + f"{ANN} {ACME}" + "]}", "llm_invalid_json"),
    "two objects": (f"{BOTH}\n{BOTH}", "llm_invalid_json"),
    "no number": ('{"entities": [], "n": NaN}', "llm_invalid_json"),
    "infinity": ('{"entities": [], "n": -Infinity}', "llm_invalid_json"),
    "a long number": ('{"entities": [], "n": ' + "1" * 10_000 + "}", "llm_invalid_json"),
    "a name twice": (f'{{"entities": [{ANN}], "entities": [{ACME}]}}', "llm_invalid_json"),
    "a name twice within": ('{"entities": [{"text": "a", "text": "b"}]}', "llm_invalid_json"),
    "a well": ('{"entities": ' + "[" * 90_000 + "}", "llm_invalid_json"),
    "a list": (f"[{ANN}]", "llm_schema"),
    "a word": ('{"entities": "none"}', "llm_schema"),
    "nothing asked for": ("{}", "llm_schema"),
    "another list": ('{"relations": []}', "llm_schema"),
    "an entry that is a word": ('{"entities": ["Ann Lee"]}', "llm_schema"),
    "an entry without a type": ('{"entities": [{"text": "Ann Lee"}]}', "llm_schema"),
    "an entry with a number": ('{"entities": [{"text": 7, "type": "PERSON"}]}', "llm_schema"),
    "an entry with a list": ('{"entities": [{"text": ["a"], "type": "PERSON"}]}', "llm_schema"),
    "the same again and again": (f'{{"entities": [{ENTITY_LOOP}]}}', "llm_repeats"),
    "a thousand names": (
        json.dumps({"entities": [{"text": f"n{n}", "type": "ORG"} for n in range(1000)]}),
        "llm_too_long",
    ),
    "10 MB": ("x" * 10_000_000, "llm_too_long"),
    "10 MB of JSON": (f'{{"entities": [{", ".join([ANN] * 270_000)}]}}', "llm_too_long"),
    "10 MB of blanks": (" " * 10_000_000, "llm_too_long"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_an_answer_of_the_right_form_is_taken(name: str) -> None:
    assert entities_in(Reply(text=TAKEN[name])) == SAID


def test_an_answer_may_say_that_there_is_nothing() -> None:
    assert entities_in(Reply(text='{"entities": []}')) == []
    assert relations_in(Reply(text='{"relations": []}')) == []


@pytest.mark.parametrize("name", BAD)
def test_an_answer_of_another_form_is_refused_with_a_word_for_it(name: str) -> None:
    text, code = BAD[name]
    with pytest.raises(BadAnswerError) as error:
        entities_in(Reply(text=text))
    assert error.value.code == code
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("ending", "text", "code"),
    [
        (Ending.REFUSED, "", "llm_refused"),
        (Ending.REFUSED, BOTH, "llm_refused"),
        (Ending.TOO_LONG, BOTH[:-20], "llm_truncated"),
        (Ending.TOO_LONG, BOTH, "llm_truncated"),
        (Ending.TOO_LONG, "", "llm_truncated"),
        (Ending.TOO_LONG, f'{{"entities": [{ENTITY_LOOP}', "llm_repeats"),
        (Ending.TOO_LONG, '{"entities": [{"text": "' + "very " * 1000, "llm_repeats"),
        (Ending.TOO_LONG, f'{{"entities": [{ANN}, {f"{DATES}, " * 10}', "llm_repeats"),
        (Ending.TOO_LONG, f'{{"entities": [{f"{DATES}, " * 3}{ANN}', "llm_truncated"),
        (Ending.TOO_LONG, "x" * (LONGEST_ANSWER + 1), "llm_too_long"),
    ],
)
def test_an_answer_that_did_not_end_well_is_refused(ending: Ending, text: str, code: str) -> None:
    with pytest.raises(BadAnswerError) as error:
        entities_in(Reply(text=text, ending=ending))
    assert error.value.code == code


def test_relations_are_read_with_their_numbers() -> None:
    assert relations_in(Reply(text=f'{{"relations": [{WORKS}, {WORKS}]}}')) == [
        SaidRelation(subject=1, predicate="employed_by", object=2, quote="works")
    ]


@pytest.mark.parametrize("number", ['"1"', "1.5", "true", "null", "[1]", "1e999"])
def test_a_number_is_a_number(number: str) -> None:
    text = f'{{"relations": [{WORKS.replace(": 1", f": {number}")}]}}'
    with pytest.raises(BadAnswerError) as error:
        relations_in(Reply(text=text))
    assert error.value.code == "llm_schema"


def test_halves_of_letters_are_no_letters() -> None:
    answer = '{"entities": [{"text": "Ann \\ud83d Lee\\u0000", "type": "PERSON"}]}'
    assert entities_in(Reply(text=answer)) == [SaidEntity(text="Ann \ufffd Lee\0", type="PERSON")]


def test_a_bad_answer_crosses_the_border_of_a_process() -> None:
    error = pickle.loads(pickle.dumps(BadAnswerError("llm_empty", "nothing")))  # noqa: S301
    assert isinstance(error, BadAnswerError)
    assert isinstance(error, PermanentError)
    assert (error.code, str(error)) == ("llm_empty", "nothing")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["entities", "relations", "text", "type", "subject", "quote"]), inner,
        max_size=4,
    ),
)  # fmt: skip


@given(JSON | st.text(alphabet='{}[]":,a\\u0d8`\n '), st.sampled_from(Ending))
def test_any_answer_is_taken_or_refused(said: object, ending: Ending) -> None:
    text = said if isinstance(said, str) else json.dumps(said)
    for read in (entities_in, relations_in):
        with contextlib.suppress(BadAnswerError):
            assert len(read(Reply(text=text, ending=ending))) <= len(text)


def test_a_question_is_the_same_if_all_that_decides_its_answer_is() -> None:
    message = Message(role="user", content="Who?")
    question = Question(model="m", messages=(message,), form_name="f", form={"b": 1, "a": [2]})
    same = Question(model="m", messages=(message,), form_name="f", form={"a": [2], "b": 1})
    assert question.hash == same.hash
    others = [
        question.model_copy(update=change)
        for change in (
            {"model": "n"}, {"messages": (message, message)}, {"form": {}},
            {"at_most": 9}, {"temperature": 0.5}, {"temperature": None},
            {"form_name": "g"},
        )
    ]  # fmt: skip
    assert len({question.hash, *(other.hash for other in others)}) == len(others) + 1


def test_the_hash_of_a_question_stays() -> None:
    """Another one asks anew, and pays anew, for each answer that is kept."""
    question = Question(
        model="m", messages=(Message(role="user", content="Wer, Ü?"),), form_name="f", form={"a": 1}
    )
    assert question.hash == ("deb042dfb5087639809b3811e9c81de01adfcafb30c89a48e7a687d90d34f933")


@pytest.mark.parametrize("words", ["Who?", "誰が署名したのか", "🙂" * 9, "a\ud800b"])
def test_a_question_has_no_more_tokens_than_bytes(words: str) -> None:
    """Set aside is what it can cost at most, and some scripts have a token or two for each sign."""
    asked = Question(model="m", messages=(Message(role="user", content=words),), form_name="f")
    formed = asked.model_copy(update={"form": {"type": "object"}})
    assert len(words.encode("utf-8", "replace")) <= asked.most_tokens < formed.most_tokens


def test_calls_cost_what_their_tokens_cost() -> None:
    price = Price(input=2.0, output=8.0, cached=0.5)
    usage = Usage(tokens_in=600_000, tokens_cached=100_000) + Usage(
        tokens_in=400_000, tokens_out=250_000, tokens_cached=300_000
    )
    assert price.of(usage) == 0.6 * 2.0 + 0.4 * 0.5 + 0.25 * 8.0
    assert Price(input=2.0, output=8.0).of(usage) == 4.0
    assert price.of(Usage(tokens_in=1, tokens_cached=3)) > 0
