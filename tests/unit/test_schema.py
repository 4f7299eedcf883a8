"""What a language model is asked to look for is a small file that a user may edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.documents import MentionType, Predicate
from pipeline.errors import UsageError
from pipeline.llm.schema import EntityKind, Schema
from pipeline.llm.schema_file import LARGEST_FILE, parse_schema, read_schema

SMALL = """
name: leases
types:
  PERSON:
    means: a human
  LANDLORD:
    is: ORG
    means: a body that
      lets
  ORG: {means: any other body}
predicates:
  employed_by:
    means: works for
    subject: [PERSON]
    object: [ORG]
  lets_to:
    is: paid
    means: "lets to: yes"
"""


def test_a_schema_has_what_its_file_says_in_its_order() -> None:
    schema = parse_schema(SMALL.encode())
    assert schema.name == "leases"
    assert [kind.name for kind in schema.types] == ["PERSON", "LANDLORD", "ORG"]
    assert schema.types[1] == EntityKind(
        name="LANDLORD", base=MentionType.ORG, means="a body that lets"
    )
    assert [kind.subtype for kind in schema.types] == [None, "landlord", None]
    lets = schema.predicate("lets_to")
    assert lets is not None
    assert (lets.base, lets.means) == (Predicate.PAID, "lets to: yes")
    assert schema.type("PLACE") is schema.predicate("met") is None


def test_a_predicate_holds_between_its_types_and_their_kinds() -> None:
    schema = parse_schema(SMALL.encode())
    employed, lets = schema.predicates
    assert schema.allows(employed, "PERSON", "ORG")
    assert schema.allows(employed, "PERSON", "LANDLORD")
    assert not schema.allows(employed, "LANDLORD", "PERSON")
    assert not schema.allows(employed, "PERSON", "GPE")
    assert schema.allows(lets, "GPE", "PERSON")


def test_what_another_recogniser_found_is_of_the_schemas_type() -> None:
    schema = read_schema()
    assert schema.kind_of(MentionType.ORG, "court") == "COURT"
    assert schema.kind_of(MentionType.ORG, None) == "ORG"
    assert schema.kind_of(MentionType.ORG, "university") == "ORG"
    assert schema.kind_of(MentionType.DOCKET, None) == "DOCKET"


def test_the_shipped_schema_is_read_without_a_file() -> None:
    schema = read_schema()
    assert schema.name == "legal"
    assert {"PERSON", "COURT", "LAW_FIRM"} <= {kind.name for kind in schema.types}
    assert {"employed_by", "sued"} <= {kind.name for kind in schema.predicates}


def test_a_users_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "leases.yaml"
    path.write_text(SMALL, "utf-8-sig")
    assert read_schema(path) == parse_schema(SMALL.encode())


def test_words_that_yaml_takes_for_others_stay_words() -> None:
    schema = parse_schema(b"name: 2024-13-45\ntypes: {NO: {is: GPE, means: yes}}")
    assert schema.name == "2024-13-45"
    assert (schema.types[0].name, schema.types[0].means) == ("NO", "yes")


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{other}: &{other} [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n"
    for one, other in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
MERGES = "a: &a {x: y}\n" + "".join(
    f"{other}: &{other}\n  <<: [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n"
    for one, other in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
PERSON = "types: {PERSON: {means: a human}}\n"
WRONG = {
    "nothing": ("", "the file must hold names"),
    "a list": ("- PERSON", "the file must hold names"),
    "no types": ("name: x", "types must hold names"),
    "no type": ("types: {}", "types"),
    "an unknown part": (PERSON + "typos: {}", "typos is unknown; it can have name, types"),
    "a type twice": (f"{PERSON}types: {{ORG: {{means: x}}}}", "line 2: types stands there twice"),
    "a name twice": ("types:\n  ORG: {means: a}\n  ORG: {means: b}", "line 3: ORG stands"),
    "a type of its own": ("types: {SHIP: {means: a vessel}}", "types.SHIP: say what it `is`"),
    "an unknown base": ("types: {SHIP: {is: BOAT, means: x}}", "one of PERSON, ORG"),
    "a small type": ("types: {ship: {is: FAC, means: x}}", "ship: write its name"),
    "a name with a line": ('types: {"A\\nB": {is: FAC, means: x}}', "write its name"),
    "no meaning": ("types: {ORG: {}}", "types.ORG: `means` must say"),
    "a meaning that is a list": ("types: {ORG: {means: [a]}}", "types.ORG: `means` must say"),
    "a type that is a word": ("types: {ORG: body}", "types.ORG must hold names"),
    "types that are a list": ("types: [ORG]", "types must hold names"),
    "a name that is a list": ("name: [a]\n" + PERSON, "name must be a word"),
    "a key that is a list": ("? [a, b]\n: c", "line 1: a name is one word"),
    "a predicate of its own": (PERSON + "predicates: {knows: {means: x}}", "say what it `is`"),
    "a co-mention": (PERSON + "predicates: {co_mentioned: {means: x}}", "say what it `is`"),
    "an end that is no type": (
        PERSON + "predicates: {met: {means: x, subject: [ORG]}}", "met: ORG is none of its types",
    ),
    "an end that is a word": (
        PERSON + "predicates: {met: {means: x, subject: PERSON}}", "must be a list of types",
    ),
    "too many types": (
        "types:\n" + "".join(f"  T{n}: {{is: ORG, means: x}}\n" for n in range(101)), "types",
    ),
    "no YAML": ("types: {PERSON", "it is no YAML"),
    "two files": (PERSON + "---\n" + PERSON, "it is no YAML"),
    "a control sign": ("types: \x01", "it is no YAML"),
    "a tag": ("types: !!python/object/apply:os.getcwd []", "line 1: leave out the tag"),
    "a bomb of references": (LAUGHS, "write it out instead of a reference"),
    "a bomb of merged names": (MERGES, "write it out instead of a reference"),
    "a reference to itself": ("types: &a {ORG: *a}", "write it out instead of a reference"),
    "a well": ("[" * 30_000, "nested deeper"),
    "a long file": ("#" * (LARGEST_FILE + 1), "more than 65,536 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_named_with_what_to_do(name: str, tmp_path: Path) -> None:
    given, told = WRONG[name]
    path = tmp_path / "mine.yaml"
    path.write_bytes(given.encode())
    with pytest.raises(UsageError) as error:
        read_schema(path)
    assert str(error.value).startswith(f"the schema {path} is wrong: ")
    assert told in str(error.value)
    assert len(str(error.value)) < 1_000


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml cannot be read: No such file"):
        read_schema(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_schema(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("name: café".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.yaml is wrong: save it as UTF-8"):
        read_schema(tmp_path / "latin.yaml")


def test_a_schema_that_was_kept_is_checked_again() -> None:
    schema = read_schema()
    assert Schema.model_validate_json(schema.model_dump_json()) == schema
    twice = schema.model_dump(mode="json")
    twice["types"].append(twice["types"][0])
    with pytest.raises(ValidationError, match="one stands there twice"):
        Schema.model_validate(twice)
