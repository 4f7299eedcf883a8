"""`casegraph review`: the pairs that may be one, for a person to decide."""

from __future__ import annotations

import shlex
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

import click

from actors.commands.common import (
    json_option,
    limit_option,
    print_json_lines,
    project_option,
    say,
)
from actors.commands.decisions import opened_desk, who_and_why
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.decision_desk import DecisionDesk
    from pipeline.registry_review import Review
    from pipeline.stores.registry_reader import PairRow

ANSWERS = {
    "m": "merge", "n": "never", "s": "skip", "u": "undo", "q": "quit",
}  # fmt: skip
ASKED = "[m]erge, [n]ever, [s]kip, [u]ndo the last, [q]uit, [?]"
MEANING = """\
  merge  they are one thing
  never  they are two, whatever their names look like
  skip   not now: they come again another time
  undo   take the last answer back
  quit   stop here; what was decided stays"""


@click.command(short_help="Decide on the pairs that may be one.")
@project_option
@limit_option(50, "How many pairs.")
@who_and_why
@json_option
def review(project: str, limit: int, by: str, why: str, as_json: bool) -> None:
    """Show the pairs of entities that may be one, the most useful first, with the reasons and a
    quote from each side. At a terminal it asks about each: merge, never, or skip for now.

    Useful are pairs whose names are nearly enough alike, with much to be read about both.
    """
    from actors.commands import showing_names
    from pipeline.engines.sentences import Sentences
    from pipeline.registry_review import Review

    with opened_desk(project) as desk:
        review = Review(desk, Sentences())
        if as_json:
            print_json_lines(review.cards(limit))
            return
        if sys.stdin.isatty() and sys.stdout.isatty():
            _Sitting(desk, review, by, why).hold(limit)
            return
        number = 0
        for number, card in enumerate(review.cards(limit), start=1):
            showing_names.print_pair(card, number)
    if not number:
        _nothing_left()
    else:
        of = f"--project {shlex.quote(project)}"
        say(f"decide: casegraph merge ENTITY ENTITY {of}, or casegraph never ENTITY ENTITY {of}")


def _nothing_left() -> None:
    say("there is no pair to decide on")


class _Sitting:
    """One person at a terminal, going through pairs."""

    def __init__(self, desk: DecisionDesk, review: Review, by: str, why: str) -> None:
        self._desk = desk
        self._review = review
        self._by = by
        self._why = why
        self._taken: list[tuple[int, PairRow]] = []
        self._passed: list[PairRow] = []
        self._skipped: set[frozenset[str]] = set()

    def hold(self, limit: int) -> None:
        """Go through the pairs until there are none left, or the person quits."""
        from actors.commands import showing_names

        left = deque(self._review.pairs(limit))
        seen = 0
        while left:
            pair = left.popleft()
            card = self._review.now(pair)
            if card is None:
                self._passed.append(pair)
                continue
            if self._ends(card) in self._skipped:
                continue
            seen += 1
            showing_names.print_pair(card, seen)
            answer = self._answer()
            if answer == "quit":
                left.appendleft(pair)
                break
            if answer == "skip":
                self._skipped.add(self._ends(card))
            elif answer == "undo":
                left.appendleft(pair)
                left.extendleft(reversed(self._undone()))
                self._review.changed()
            else:
                self._decide(answer, card, pair)
                self._review.changed()
        if not seen:
            _nothing_left()
            return
        count = len(self._taken)
        decided = f"{count:,} decision{'s' * (count != 1)}"
        rest = bool(left) or bool(self._skipped) or bool(self._review.pairs(1))
        say(f"{decided} taken; " + ("the rest is for another time" if rest else "no pair is left"))

    def _answer(self) -> str:
        """Ask until the answer is one. Who ends the input or interrupts it quits."""
        while True:
            try:
                given = click.prompt(ASKED, "", prompt_suffix=": ", show_default=False, err=True)
            except click.Abort:
                say("")
                return "quit"
            given = given.strip().lower()
            for letter, word in ANSWERS.items():
                if given in {letter, word}:
                    return word
            if given.strip("?"):
                say(f"{given!r} is none of these")
            say(MEANING)

    def _decide(self, answer: str, card: dict[str, Any], pair: PairRow) -> None:
        """Take a decision, by the ids of what was shown."""
        one, other = card["one"]["id"], card["other"]["id"]
        try:
            if answer == "merge":
                outcome = self._desk.merge([one, other], self._by, self._why)
            else:
                outcome = self._desk.never(one, other, self._by, self._why)
        except UsageError as error:  # a run has changed what was shown
            say(str(error))
            return
        self._taken.append((outcome.decision.number, pair))
        say(f"{outcome.text} (decision {outcome.decision.number})")

    def _undone(self) -> list[PairRow]:
        """Take the last decision of this sitting back; give the pair that it was about, and those
        that it may have been about too.
        """
        if not self._taken:
            say("nothing was decided here yet; `casegraph undo` takes earlier decisions back")
            return []
        number, pair = self._taken.pop()
        say(self._desk.undo(number, self._by).text)
        passed, self._passed = self._passed, []
        return [pair, *passed]

    @staticmethod
    def _ends(card: dict[str, Any]) -> frozenset[str]:
        return frozenset((card["one"]["id"], card["other"]["id"]))
