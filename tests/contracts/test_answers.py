"""What is told of an actor of Ray whose call raised what PostgreSQL said."""

import asyncio
import pickle
from typing import NoReturn

import pytest
from ray.exceptions import RayTaskError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from actors.actor_pools import _answer
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.stores import postgres


async def raised(cause: Exception) -> NoReturn:
    """Raise as Ray does for a cause that crossed processes."""
    raise RayTaskError("drain", "a traceback", pickle.loads(pickle.dumps(cause)))  # noqa: S301


def test_an_error_of_postgresql_is_one_line_without_statement_and_values(postgres_url: str) -> None:
    engine = postgres.connect(postgres_url)
    with engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text("SELECT :value FROM nowhere"), {"value": "secret"})
    engine.dispose()
    assert "secret" in str(refused.value)

    with pytest.raises(UnavailableError) as told:
        asyncio.run(_answer("persistence", raised(refused.value)))

    assert str(told.value) == 'persistence failed: relation "nowhere" does not exist'


def test_what_may_be_repeated_comes_through() -> None:
    with pytest.raises(TemporaryError, match="later"):
        asyncio.run(_answer("persistence", raised(TemporaryError("later"))))
