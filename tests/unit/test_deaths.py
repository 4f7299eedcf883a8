"""What is told of a process that died: what is known, in one line."""

from actors.deaths import LONGEST_MESSAGE, death_of

RAY = """The actor died unexpectedly before finishing this task.
\tclass_name: StageActor
\tactor_id: 5c1f6a6a5d3f7c6f6a1d9c0a01000000
\tpid: 4711
\tnamespace: 0c3c4f1e
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR \
Worker exit detail: Worker unexpectedly exits with a connection error code 2. End of file. \
There are some potential root causes. (1) The process is killed by SIGKILL by OOM killer due to \
high memory usage. (2) ray stop --force is called. (3) The worker is crashed unexpectedly."""


def test_what_is_known_is_told_without_ids_and_guesses() -> None:
    known = "Worker unexpectedly exits with a connection error code 2. End of file."
    assert death_of(RAY) == known


def test_other_words_are_told_as_they_are_and_not_at_length() -> None:
    assert death_of("The actor is dead.\n  Its owner has died. ") == "Its owner has died."
    assert death_of("x" * 10_000) == "x" * LONGEST_MESSAGE
