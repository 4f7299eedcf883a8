"""Ids are UUIDs here and strings there: the mismatch must never make two keys."""

from __future__ import annotations

import inspect
import itertools
import uuid
from collections.abc import Callable

import pytest

from pipeline.stores import keys

FUNCTIONS = [
    function
    for _, function in inspect.getmembers(keys, inspect.isfunction)
    if function.__module__ == keys.__name__
]
ID = uuid.UUID("0a1b2c3d-4e5f-5678-9abc-def012345678")


def arguments(function: Callable[..., str], id_: object) -> dict[str, object]:
    """Give each parameter a value of its own; `id_` to those that are ids."""
    return {
        name: id_ if parameter.annotation == "Id" else f"<{name}>"
        for name, parameter in inspect.signature(function).parameters.items()
    }


def test_every_function_is_walked() -> None:
    assert len(FUNCTIONS) >= 9


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_uuids_and_strings_make_the_same_key(function: Callable[..., str]) -> None:
    key = function(**arguments(function, ID))
    assert key == function(**arguments(function, str(ID)))
    if "Id" in [p.annotation for p in inspect.signature(function).parameters.values()]:
        assert str(ID) in key


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_argument_is_in_the_key(function: Callable[..., str]) -> None:
    given = arguments(function, ID)
    for name in given:
        assert function(**given) != function(**{**given, name: "other"})


def test_no_two_functions_make_the_same_key() -> None:
    made = [function(**arguments(function, "x")) for function in FUNCTIONS]
    constants = [keys.WRITE_BEHIND, keys.DEAD_LETTERS, keys.UNPERSISTED_BYTES, keys.PACE]
    for one, other in itertools.combinations([*made, *constants], 2):
        assert one != other


def test_a_checkpoint_without_part_has_no_trailing_separator() -> None:
    assert keys.checkpoint(ID, "ocr", "f") == f"doc:{ID}:ocr:f"
    assert keys.checkpoint(ID, "ocr", "f", "1-10") == f"doc:{ID}:ocr:f:1-10"
