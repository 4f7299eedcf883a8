"""A model that labels tokens, trained on the spot in some seconds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

PEOPLE = ["Ann Lee", "Bob Ray", "Cy Dorn", "Eve Holt"]
BODIES = ["Acme", "Zeltron Works", "Orbit Bank"]
PLACES = ["Boston", "Tarn", "Port Ivo"]
TEMPLATES = [
    "{p} works for {o} in {l} .",
    "In {l} {p} met {p} .",
    "{o} sued {p} , and {o} paid .",
    "The house in {l} was sold by {p} to {o} .",
]
LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
KINDS = {"p": ("PER", PEOPLE), "o": ("ORG", BODIES), "l": ("LOC", PLACES)}


def sentences() -> list[list[tuple[str, str]]]:
    """Fill templates with names: words with their labels."""
    turns = {key: itertools.cycle(names) for key, (_, names) in KINDS.items()}
    made = []
    for template in TEMPLATES * 9:
        words: list[tuple[str, str]] = []
        for word in template.split():
            if word.startswith("{"):
                kind, _ = KINDS[word[1]]
                for place, part in enumerate(next(turns[word[1]]).split()):
                    words.append((part, f"{'I' if place else 'B'}-{kind}"))
            else:
                words.append((word, "O"))
        made.append(words)
    # Also behind one another, or it would learn at which places names stand.
    return made + [one + other for one, other in itertools.pairwise(made)]


def train(folder: Path, labels: Sequence[str] = LABELS, steps: int = 80) -> Path:
    """Train a BERT of two small layers on whole words, and save it as others save theirs."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    torch.manual_seed(7)
    made = sentences()
    words = sorted({word for sentence in made for word, _ in sentence})
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()  # type: ignore[assignment]
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )  # type: ignore[assignment]
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]",
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=40, id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    longest = max(map(len, made)) + 2
    ids = torch.zeros(len(made), longest, dtype=torch.long)
    gold = torch.full((len(made), longest), -100)
    for row, sentence in enumerate(made):
        coded = [2, *(vocabulary[word] for word, _ in sentence), 3]
        ids[row, : len(coded)] = torch.tensor(coded)
        gold[row, 1 : len(coded) - 1] = torch.tensor([LABELS.index(tag) for _, tag in sentence])
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(steps):
        loss = model(input_ids=ids, attention_mask=(ids > 0).long(), labels=gold).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval().save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
