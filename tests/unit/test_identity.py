"""The laws of ids, fingerprints and digests: what costs most to change later."""

import functools
import hashlib
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import identity
from pipeline.documents import Mention, Mentions, MentionType, Page, Pages, Words
from pipeline.s3_names import ObjectName
from pipeline.walking import uri_of

PROJECT = identity.project_id("a project")
TEXT = st.text(max_size=20)
GOLDEN = [
    "f1647b0a-0517-515a-bc33-cc4c7b8b1e8c",
    "01207c02-7329-5674-8c0b-ffc203b7bc05",
    "982063a6-b7c6-52e7-9963-434d2ffb1e0c",
    "cbefbc7f-0537-5726-a528-3e1ca5ad78f9",
    "f4e254b9-052c-5be4-8096-470a16701e1a",
    "ccf64113-a625-52c8-b044-1f8c2974acaa",
    "e3bd7727-382f-57df-8eb8-3980567e1b22",
]


def test_ids_are_what_they_were_the_first_day():
    content = identity.content_id(PROJECT, "ab" * 32, "text/plain")
    assert [
        PROJECT,
        identity.document_id(PROJECT, "file:///a.txt"),
        content,
        identity.chunk_id(content, 0, 10),
        identity.mention_id(content, 3, 9),
        identity.name_id(PROJECT, "PERSON", "john smith"),
        identity.name_id(PROJECT, "PERSON", "smith", content),
    ] == GOLDEN


@given(st.uuids(), TEXT)
def test_an_id_is_the_uuid5_of_its_parts(project, uri):
    words = f"document\x1f{len(uri)}:{uri}".encode("utf-8", "surrogatepass")
    expected = uuid.UUID(
        bytes=hashlib.sha1(project.bytes + words, usedforsecurity=False).digest()[:16], version=5
    )
    assert identity.document_id(str(project), uri) == str(expected)


@given(TEXT, TEXT, TEXT, TEXT)
def test_parts_of_an_id_are_not_confused(a, b, c, d):
    same = (a, b) == (c, d)
    assert (identity.name_id(PROJECT, a, b) == identity.name_id(PROJECT, c, d)) is same


@given(TEXT, TEXT)
def test_nothing_crosses_projects(one, other):
    first, second = identity.project_id(one), identity.project_id(other)
    assert (first == second) is (one == other)
    assert (identity.name_id(first, "ORG", "acme") == identity.name_id(second, "ORG", "acme")) is (
        one == other
    )


PIECES = st.lists(st.sampled_from(["!/", "%21/", "%2521/", "%", "!", "25", "a", "/"]), min_size=1)
NAMES = PIECES.map("".join)


def _parted(uri: str) -> list[str]:
    """Read a file, and the members on the way down from it, back from a URI."""
    root, *escaped = uri.split("!/")
    return [root, *(re.sub("%((?:25)*)21/", _before, path) for path in escaped)]


def _before(found: re.Match[str]) -> str:
    return f"%{found[1][2:]}21/" if found[1] else "!/"


@given(NAMES, st.lists(NAMES, max_size=3))
def test_two_members_have_two_uris(name, paths):
    """What can be read back from a URI is in no other. Keys in S3 may hold anything."""
    for root in (ObjectName(bucket="b", key=name).uri, uri_of(f"/a{name}")):
        assert _parted(functools.reduce(identity.member_uri, paths, root)) == [root, *paths]


@pytest.mark.parametrize(
    "path", ["a/b.txt", "100% sure!.txt", "wow!", "%21", "%2F/a!b", "!a/b%20c"]
)
def test_a_member_with_an_ordinary_name_has_the_uri_it_always_had(path):
    assert identity.member_uri("file:///a.zip", path) == f"file:///a.zip!/{path}"


def test_a_uuid_and_its_string_make_the_same_id():
    assert identity.document_id(uuid.UUID(PROJECT), "x") == identity.document_id(PROJECT, "x")


def test_a_name_of_one_content_is_not_the_projects():
    content = identity.content_id(PROJECT, "00" * 32, "text/plain")
    assert identity.name_id(PROJECT, "PERSON", "smith") != identity.name_id(
        PROJECT, "PERSON", "smith", content
    )


def test_the_first_sense_is_the_name_itself():
    name = identity.name_id(PROJECT, "PERSON", "john smith")
    assert identity.node_id(name) == name
    assert identity.node_id(name, 1) not in {name, identity.node_id(name, 2)}


@given(st.lists(st.uuids().map(str), min_size=1))
def test_an_entity_has_the_smallest_id_in_it(nodes):
    assert identity.entity_id(nodes) == identity.entity_id(reversed(nodes))
    assert identity.entity_id(nodes) in nodes


CONFIGURATION = st.dictionaries(TEXT, st.integers() | TEXT | st.booleans(), max_size=4)


@given(CONFIGURATION)
def test_a_fingerprint_does_not_see_the_order_of_settings(configuration):
    turned = dict(reversed(configuration.items()))
    assert identity.fingerprint("ocr", "1", configuration, 0, ["d"]) == identity.fingerprint(
        "ocr", "1", turned, 0, ["d"]
    )


@pytest.mark.parametrize(
    "changed",
    [
        ("chunk", "1", {"a": 1}, 0, ["d"]),
        ("ocr", "2", {"a": 1}, 0, ["d"]),
        ("ocr", "1", {"a": 2}, 0, ["d"]),
        ("ocr", "1", {"a": 1}, 1, ["d"]),
        ("ocr", "1", {"a": 1}, 0, ["e"]),
        ("ocr", "1", {"a": 1}, 0, ["d", "d"]),
    ],
)
def test_a_fingerprint_sees_all_that_decides(changed):
    assert identity.fingerprint(*changed) != identity.fingerprint("ocr", "1", {"a": 1}, 0, ["d"])


def _mentions(**changes: object) -> Mentions:
    fields = {
        "start": 0, "end": 4, "text": "Acme", "type": MentionType.ORG, "page": 1, "model": "m",
    } | changes  # fmt: skip
    return Mentions(mentions=(Mention(**fields),))


def test_a_digest_does_not_see_scores_boxes_or_confidence():
    assert identity.checkpoint_digest("f", _mentions(score=0.2)) == identity.checkpoint_digest(
        "f", _mentions(score=0.9)
    )
    words = Words(starts=(0,), ends=(1,), boxes=((0.0, 0.0, 1.0, 1.0),))
    plain = Pages(text="a", pages=(Page(number=1, start=0, end=1),))
    measured = Pages(
        text="a",
        pages=(Page(number=1, start=0, end=1, confidence=0.5, width=3.0, height=4.0, words=words),),
        language_score=0.4,
    )
    assert identity.checkpoint_digest("f", plain) == identity.checkpoint_digest("f", measured)


def test_a_digest_sees_text_place_type_and_fingerprint():
    seen = {
        identity.checkpoint_digest("f", _mentions()),
        identity.checkpoint_digest("f", _mentions(text="Acne")),
        identity.checkpoint_digest("f", _mentions(end=5)),
        identity.checkpoint_digest("f", _mentions(type=MentionType.PERSON)),
        identity.checkpoint_digest("f", _mentions(page=2)),
        identity.checkpoint_digest("g", _mentions()),
    }
    assert len(seen) == 6
