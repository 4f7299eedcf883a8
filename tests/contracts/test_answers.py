"""What is told of an actor of Ray whose call raised what PostgreSQL said."""

import asyncio
import pickle
from typing import NoReturn

import pytest
from ray.exceptions import RayTaskError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from actors.hosting import answer_of
from actors.run_result import own_fault
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

    with pytest.raises(DBAPIError) as told:
        asyncio.run(answer_of("persistence", raised(refused.value)))

    assert own_fault(told.value) == (
        'the run ended by a fault of its own (ProgrammingError: relation "nowhere" does not exist)'
    )


def test_what_an_administrator_has_to_mend_is_no_fault_of_the_run() -> None:
    with pytest.raises(UnavailableError, match=r"^persistence failed: a right is missing$"):
        asyncio.run(answer_of("persistence", raised(UnavailableError("a right is missing"))))


def test_what_may_be_repeated_comes_through() -> None:
    with pytest.raises(TemporaryError, match="later"):
        asyncio.run(answer_of("persistence", raised(TemporaryError("later"))))
