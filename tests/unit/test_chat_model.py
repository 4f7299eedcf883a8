"""A model asked over real HTTP: what comes of good answers and of each kind of bad one, how often
it is asked, and that its key is told to nobody.
"""

from __future__ import annotations

import base64
import logging
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest
from bad_answers import ANSWERS, TEXTS
from scripted_llm import (
    Asked,
    Exchange,
    ScriptedLlm,
    always,
    answering,
    completion,
    dripping,
    echoing,
    failing,
    hanging,
    in_turn,
    resetting,
    saying,
    sending,
    slowly,
)
from waiting import until

from pipeline.engines.chat_model import ChatModel
from pipeline.errors import StoppedWaitingError, UnavailableError, UsageError
from pipeline.llm.answers import BadAnswerError, UnheardError
from pipeline.llm.asking import Ending, Message, Question, Reply, Usage
from pipeline.llm.settings import LlmSettings
from pipeline.settings import load_settings

KEY = "sk-canary-Zq81xWvT0pLmN5rBdK2jHyU7"
GOOD = answering({"entities": []})
TRIES = 3
FORM = {"type": "object", "properties": {"entities": {"type": "array"}}}
QUESTION = Question(
    model="small",
    messages=(Message(role="system", content="Find."), Message(role="user", content="Ann Lee")),
    form_name="entities",
    form=FORM,
    at_most=100,
)


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with closing(ScriptedLlm(always(GOOD))) as server:
        yield server


class Case:
    """A model at the scripted server. It waits for nothing before another try, but notes how long
    it would have.
    """

    def __init__(self, llm: ScriptedLlm, stack: ExitStack) -> None:
        self.llm = llm
        self.waits: list[float] = []
        self._stack = stack

    def model(self, pace: Any = None, **more: Any) -> ChatModel:
        pauses = {"pause": self.waits.append} if more.pop("hurried", True) else {}
        arguments = {name: more.pop(name) for name in ("stopping",) if name in more}
        settings = {"base_url": self.llm.url, "key": KEY, "tries": TRIES, "seconds": 20} | more
        model = ChatModel(LlmSettings.model_validate(settings), pace, **pauses, **arguments)
        self._stack.callback(model.close)
        return model


@pytest.fixture
def case(llm: ScriptedLlm) -> Iterator[Case]:
    with ExitStack() as stack:
        yield Case(llm, stack)


def in_background(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Call in a thread of its own; gives what it answers or raises."""
    came: list[object] = []

    def run() -> None:
        try:
            came.append(call())
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            came.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, came


# What is asked, and what a good answer comes to.


def test_an_answer_has_its_text_and_its_tokens(case: Case) -> None:
    reply = case.model().ask(QUESTION)

    assert reply == Reply(
        text='{"entities": []}',
        usage=Usage(tokens_in=len("Find.\n\nAnn Lee") // 4, tokens_out=4, tokens_cached=1),
    )
    (asked,) = case.llm.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.key == KEY
    assert asked.body == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "Find."},
            {"role": "user", "content": "Ann Lee"},
        ],
        "max_tokens": 100,
        "temperature": 0.0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "entities", "strict": True, "schema": FORM},
        },
    }


def test_an_endpoint_that_knows_less_is_asked_for_less(case: Case) -> None:
    case.model(answer_format="json").ask(QUESTION)
    case.model(answer_format="text", sampling=False, answer_bound="max_completion_tokens").ask(
        QUESTION
    )

    any_json, plain = (asked.body for asked in case.llm.asked)
    assert any_json["response_format"] == {"type": "json_object"}
    assert plain.keys() == {"model", "messages", "max_completion_tokens"}


def test_tokens_that_an_endpoint_does_not_count_are_estimated(case: Case) -> None:
    case.llm.script = always(
        sending(b'{"choices": [{"message": {"content": "%s"}}]}' % (b"x" * 40))
    )
    usage = case.model().ask(QUESTION).usage
    assert usage.tokens_in > 0
    assert usage.tokens_out == 10


def test_half_a_character_in_a_document_is_asked_as_a_question_mark(case: Case) -> None:
    broken = QUESTION.model_copy(update={"messages": (Message(role="user", content="a\ud800b"),)})
    case.model().ask(broken)
    assert case.llm.asked[0].text == "a?b"


@pytest.mark.parametrize(
    ("behaviour", "ending"),
    [
        (saying("{", "length"), Ending.TOO_LONG),
        (saying("", "content_filter"), Ending.REFUSED),
        (TEXTS["refusal"], Ending.REFUSED),
        (TEXTS["refusal in words"], Ending.DONE),
    ],
)
def test_how_an_answer_ended_is_told(case: Case, behaviour: Any, ending: Ending) -> None:
    case.llm.script = always(behaviour)
    assert case.model().ask(QUESTION).ending is ending


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_bad_is_handed_on_and_asked_for_once(case: Case, name: str) -> None:
    case.llm.script = always(TEXTS[name])
    assert isinstance(case.model().ask(QUESTION), Reply)
    assert len(case.llm.asked) == 1


# What gets no answer.

LASTING = {
    "10 MB of text": ("llm_too_long", 1),
    "packed": ("llm_too_long", 1),
    "no JSON": ("llm_bad_response", 1),
    "other JSON": ("llm_bad_response", 1),
    "nothing": ("llm_bad_response", 1),
    "400": ("llm_bad_request", 1),
    "429": ("llm_rate_limited", TRIES),
    "429, told when": ("llm_rate_limited", TRIES),
    "500": ("llm_server_error", TRIES),
    "503": ("llm_server_error", TRIES),
    "hang": ("llm_timeout", 1),
    "drip": ("llm_timeout", 1),
    "broken off": ("llm_connection", TRIES),
    "reset": ("llm_connection", TRIES),
}
UNHEARD = {"10 MB of text", "packed", "no JSON", "other JSON", "nothing", "hang", "drip"}
HOPELESS = {
    "401": "CASEGRAPH_LLM__KEY",
    "403": "CASEGRAPH_LLM__KEY",
    "404": "CASEGRAPH_LLM__MODEL",
    "no quota": "account",
    "429, much later": "86,400 s",
    "moved": "CASEGRAPH_LLM__BASE_URL",
}


def test_each_bad_answer_is_looked_at() -> None:
    assert {*LASTING, *HOPELESS} == {*ANSWERS}


@pytest.mark.parametrize("name", LASTING)
def test_what_stays_without_answer_is_a_typed_error_after_some_tries(case: Case, name: str) -> None:
    code, tries = LASTING[name]
    model = case.model(seconds=0.3 if name in {"hang", "drip"} else 20)
    model.ask(QUESTION)
    case.llm.script = always(ANSWERS[name])

    with pytest.raises(BadAnswerError) as caught:
        model.ask(QUESTION)

    assert caught.value.code == code
    # What may be paid for is repeated by whoever counts that.
    assert isinstance(caught.value, UnheardError) == (name in UNHEARD)
    if name not in UNHEARD:
        said = "asked once" if tries == 1 else f"asked {tries} times"
        assert said in str(caught.value)
    assert len(case.llm.asked) == 1 + tries
    assert len(case.waits) == tries - 1


def test_an_answer_that_takes_too_long_says_what_helps(case: Case) -> None:
    case.llm.script = always(ANSWERS["hang"])
    with pytest.raises(BadAnswerError) as caught:
        case.model(seconds=0.3, tries=1, concurrency=7).ask(QUESTION)
    assert "CASEGRAPH_LLM__SECONDS" in str(caught.value)
    assert "CASEGRAPH_LLM__CONCURRENCY than it answers at once (now 7)" in str(caught.value)


@pytest.mark.parametrize("name", HOPELESS)
def test_what_no_question_gets_past_ends_at_once_and_says_what_to_do(case: Case, name: str) -> None:
    case.llm.script = always(ANSWERS[name])

    with pytest.raises(UnavailableError, match=HOPELESS[name]) as caught:
        case.model().ask(QUESTION)

    assert len(case.llm.asked) == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 529])
def test_another_try_helps(case: Case, status: int) -> None:
    case.llm.script = in_turn(failing(status), resetting, GOOD)
    assert case.model().ask(QUESTION).text == '{"entities": []}'
    assert len(case.llm.asked) == 3


def test_what_is_said_of_a_wrong_key_is_not_repeated(case: Case) -> None:
    case.llm.script = always(failing(401, "sk- is no key"))
    with pytest.raises(UnavailableError) as caught:
        case.model().ask(QUESTION)
    assert str(caught.value).endswith("refuses the key (401): correct CASEGRAPH_LLM__KEY")


def test_nobody_there_is_told_as_such(case: Case) -> None:
    case.llm.close()
    with pytest.raises(UnavailableError, match=r"nothing answers at .*BASE_URL"):
        case.model().ask(QUESTION)


def test_an_endpoint_that_went_away_is_the_documents_trouble(case: Case) -> None:
    model = case.model()
    model.ask(QUESTION)
    case.llm.close()
    with pytest.raises(BadAnswerError) as caught:
        model.ask(QUESTION)
    assert caught.value.code == "llm_connection"


def test_what_an_endpoint_says_is_told_in_one_short_line(case: Case) -> None:
    case.llm.script = always(failing(400, "too\nlong " + "\x1b[31m" + "context " * 10_000))
    with pytest.raises(BadAnswerError, match="too long") as caught:
        case.model().ask(QUESTION)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_waits_grow_and_are_not_all_the_same(case: Case) -> None:
    case.llm.script = always(failing(500))
    for _ in range(2):
        with pytest.raises(BadAnswerError):
            case.model(tries=9).ask(QUESTION)

    first, second = case.waits[:8], case.waits[8:]
    assert first != second
    assert all(0.5 <= wait <= min(2.0**number, 30) for number, wait in enumerate(first))
    assert max(first) > 2


@pytest.mark.parametrize("told", [{"Retry-After": "7"}, {"retry-after-ms": "7000"}])
def test_an_endpoint_is_left_alone_for_as_long_as_it_asks(case: Case, told: dict[str, str]) -> None:
    case.llm.script = in_turn(failing(429, headers=told), GOOD)
    case.model().ask(QUESTION)
    (wait,) = case.waits
    assert 7 < wait <= 8


@pytest.mark.parametrize("told", ["soon", "-5", "nan", "Wed, 21 Oct 2015 07:28:00 GMT", "9" * 5000])
def test_a_time_to_wait_that_is_none_is_passed_over(case: Case, told: str) -> None:
    case.llm.script = in_turn(failing(503, headers={"Retry-After": told}), GOOD)
    case.model().ask(QUESTION)
    (wait,) = case.waits
    assert wait <= 1


def test_no_question_follows_an_address_that_has_moved(case: Case) -> None:
    with closing(ScriptedLlm(always(GOOD))) as other:
        moved = {"Location": f"{other.url}/chat/completions"}
        case.llm.script = always(failing(307, headers=moved))
        with pytest.raises(UnavailableError):
            case.model().ask(QUESTION)
        assert not other.asked


def test_no_more_than_the_bound_of_an_answer_is_read(case: Case) -> None:
    endless = sending(b" " * (9 << 20), length=1 << 40)
    case.llm.script = always(endless)
    with pytest.raises(BadAnswerError) as caught:
        case.model().ask(QUESTION)
    assert caught.value.code == "llm_too_long"


def test_an_error_has_a_bound_as_well(case: Case) -> None:
    case.llm.script = always(sending(b" " * (9 << 20), 400, length=1 << 40))
    with pytest.raises(BadAnswerError) as caught:
        case.model().ask(QUESTION)
    assert caught.value.code == "llm_too_long"


# How many at once, how fast, and until when.


def test_no_more_questions_are_under_way_at_once_than_may(case: Case) -> None:
    case.llm.script = always(slowly(0.05, GOOD))
    model = case.model(concurrency=3)
    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(model.ask, [QUESTION] * 24))

    assert len(replies) == len(case.llm.asked) == 24
    assert case.llm.most_at_once == 3


class SlowPace:
    """Gives a turn at each third time of asking."""

    def __init__(self, turns: int = sys.maxsize) -> None:
        self.turns = turns
        self.taken: list[int] = []
        self.corrected: list[tuple[int, int]] = []
        self.times = 0

    def take(self, tokens: int) -> bool:
        self.times += 1
        if self.times % 3 or len(self.taken) >= self.turns:
            return False
        self.taken.append(tokens)
        return True

    def correct(self, taken: int, used: int) -> None:
        self.corrected.append((taken, used))


def test_each_try_waits_for_its_turn_and_what_it_did_not_need_is_given_back(case: Case) -> None:
    case.llm.script = in_turn(failing(500), GOOD)
    pace = SlowPace()
    usage = case.model(pace).ask(QUESTION).usage

    assert pace.times == 6
    estimate = pace.taken[0]
    assert pace.taken == [estimate] * 2
    assert estimate > QUESTION.at_most
    assert pace.corrected == [(estimate, usage.tokens_in + usage.tokens_out)]


def test_a_turn_that_does_not_come_is_an_error_in_the_end(case: Case) -> None:
    with pytest.raises(BadAnswerError, match="no turn") as caught:
        case.model(SlowPace(0), wait_seconds=0).ask(QUESTION)
    assert caught.value.code == "llm_rate_limited"
    assert not case.llm.asked


@pytest.mark.parametrize("behaviour", [hanging, dripping])
def test_closing_ends_what_is_under_way(case: Case, behaviour: Any) -> None:
    case.llm.script = always(behaviour)
    model = case.model(concurrency=1)
    asking = [in_background(lambda: model.ask(QUESTION)) for _ in range(3)]
    until(lambda: case.llm.asked)
    model.close()

    for thread, came in asking:
        thread.join(10)
        assert isinstance(came[0], StoppedWaitingError)
    with pytest.raises(StoppedWaitingError):
        model.ask(QUESTION)
    until(lambda: case.llm.at_once == (1 if behaviour is hanging else 0))


@pytest.mark.parametrize("pace", [None, SlowPace(0)])
def test_closing_ends_waiting(case: Case, pace: SlowPace | None) -> None:
    case.llm.script = always(failing(503, headers={"Retry-After": "200"}))
    model = case.model(pace, hurried=False)
    thread, came = in_background(lambda: model.ask(QUESTION))
    until(lambda: case.llm.asked or (pace and pace.times))
    model.close()
    thread.join(10)
    assert isinstance(came[0], StoppedWaitingError)


def test_who_is_to_stop_waits_no_longer_but_takes_an_answer_that_is_on_its_way(case: Case) -> None:
    stop = threading.Event()
    case.llm.script = always(slowly(0.3, GOOD))
    model = case.model(stopping=stop.is_set)
    thread, came = in_background(lambda: model.ask(QUESTION))
    until(lambda: case.llm.asked)
    stop.set()
    thread.join(10)

    assert isinstance(came[0], Reply)
    with pytest.raises(StoppedWaitingError):
        model.ask(QUESTION)
    assert len(case.llm.asked) == 1


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Who runs tests in the background of a shell has them deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_question_is_let_go(case: Case) -> None:
    case.llm.script = always(dripping)
    model = case.model(seconds=300)
    here = threading.get_ident()

    def interrupt() -> None:
        until(lambda: case.llm.asked)
        signal.pthread_kill(here, signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        model.ask(QUESTION)
    interrupting.join()
    until(lambda: case.llm.at_once == 0)


def test_a_model_stays_where_it_was_made(case: Case) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(case.model())


def test_another_key_in_the_environment_is_not_sent(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    case.model(key=None).ask(QUESTION)
    assert KEY not in str(case.llm.asked[0].headers)


def test_without_a_key_openai_is_not_asked() -> None:
    with pytest.raises(UnavailableError, match="CASEGRAPH_LLM__KEY"):
        ChatModel(LlmSettings())


# The key.


def traces_of(key: str) -> list[str]:
    """Give what would show a key: whole, its ends, and as Base64 has it."""
    forms = [
        base64.b64encode(f"{before}{key}".encode()).decode() for before in ("", "a", "Bearer ")
    ]
    return [key, key[:8], key[-4:], key[8:16], *(form[12:24] for form in forms)]


def all_of(error: BaseException | None) -> str:
    """Show an error and all that stands behind it, with what the frames held."""
    shown = []
    while error is not None:
        held = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += [repr(error), repr(getattr(error, "args", "")), *held.format()]
        error = error.__cause__ or error.__context__
    return "".join(shown)


TELLING = {
    "in an error": failing(400, "You sent Bearer {key}, which is wrong."),
    "at the bound of what is read": failing(400, "x" * 1990 + " {key}"),
    "with stars": failing(429, "Incorrect API key provided: {masked}. See your account."),
    "by its end": failing(400, "The key that ends in {last} is blocked."),
    "in a page": lambda exchange, asked: exchange.send(500, f"<p>{asked.key}</p>".encode()),
    "in Base64": lambda exchange, asked: exchange.send_json(
        400, {"error": {"message": base64.b64encode(f"Bearer {asked.key}".encode()).decode()}}
    ),
    "in other JSON": lambda exchange, asked: exchange.send_json(200, {asked.key: asked.key}),
    "as a number of tokens": lambda exchange, asked: exchange.send_json(
        200, completion(asked, "") | {"usage": {"prompt_tokens": asked.key}}
    ),
    "as where to go": lambda exchange, asked: exchange.send_json(
        302, {}, {"Location": f"http://{asked.key}@127.0.0.1:9/"}
    ),
    "as when to come": lambda exchange, asked: exchange.send_json(
        503, {}, {"Retry-After": asked.key}
    ),
}


def echoing_in_base64(exchange: Exchange, asked: Asked) -> None:
    """Answer with the key as a header that a proxy has packed up."""
    packed_up = [
        base64.b64encode(f"{before}{asked.key}".encode()).decode()
        for before in ("", "a", "Bearer ")
    ]
    exchange.send_json(200, completion(asked, " ".join(packed_up)))


@pytest.mark.parametrize("name", [*TELLING, "echo", "echo in Base64", *TEXTS, *ANSWERS])
def test_a_key_is_in_no_log_no_error_and_no_answer(
    case: Case, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    echoes = {"echo": echoing, "echo in Base64": echoing_in_base64}
    known = echoes | TELLING | TEXTS | ANSWERS
    case.llm.script = always(known[name])
    model = case.model(seconds=0.3 if name in {"hang", "drip"} else 20)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("openai").setLevel(logging.DEBUG)
    try:
        said = repr(model.ask(QUESTION))
    except (BadAnswerError, UnavailableError) as error:
        said = all_of(error)
    finally:
        logging.getLogger("openai").setLevel(logging.NOTSET)

    assert case.llm.asked[0].key == KEY
    assert "Sending HTTP Request" in caplog.text
    records = "".join(repr(vars(record)) for record in caplog.records)
    shown = said + caplog.text + records + repr(model) + repr(vars(model))
    assert [trace for trace in traces_of(KEY) if trace in shown] == []


def test_a_message_without_the_key_is_told_as_it_is(case: Case) -> None:
    case.llm.script = always(failing(400, "This project's context is 4,096 tokens (sk, can)."))
    with pytest.raises(BadAnswerError, match=r"context is 4,096 tokens \(sk, can\)"):
        case.model().ask(QUESTION)


def test_a_short_word_in_the_place_of_a_key_changes_no_answer(case: Case) -> None:
    case.llm.script = always(saying("none of them"))
    assert case.model(key="none").ask(QUESTION).text == "none of them"


@pytest.mark.parametrize("key", [f"{KEY}\u00e9", f"{KEY}\r\nX-Other: 1", f"{KEY} {KEY}"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("CASEGRAPH_LLM__KEY", key)
    with pytest.raises(UsageError, match=r"llm\.key") as caught:
        load_settings()
    assert KEY not in str(caught.value) + str(caught.value.__cause__)


def test_a_key_with_a_line_break_at_its_end_is_sent_without(case: Case) -> None:
    case.model(key=f"{KEY}\n").ask(QUESTION)
    assert case.llm.asked[0].key == KEY


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000/v1",
        "ftp://host/v1",
        f"https://me:{KEY}@host/v1",
        f"https://host/v1?key={KEY}",
        "http://host:99999/v1",
        "http://ho st/",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CASEGRAPH_LLM__BASE_URL", url)
    with pytest.raises(UsageError, match=r"llm\.base_url") as caught:
        load_settings()
    assert KEY not in str(caught.value)
