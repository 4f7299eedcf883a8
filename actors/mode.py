"""Whether a run works with Redis or without, and why: pure bookkeeping."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

ACCELERATED, DATABASE = "accelerated", "database"
BY_CHOICE = "CASEGRAPH_ACCELERATION=off"


@dataclass
class Mode:
    """What the processes of a run last said of Redis. `by_choice` is why it is not used at all."""

    by_choice: str = ""
    _troubles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, acceleration: str) -> Mode:
        """Begin with what a person has chosen: `on` or `off`."""
        return cls(BY_CHOICE if acceleration == "off" else "")

    def heard(self, who: str, trouble: str) -> None:
        """Take down why Redis did not serve a process, or that it did."""
        if trouble:
            self._troubles[who] = trouble
        else:
            self._troubles.pop(who, None)

    def heard_of(self, stage: str, actor: int, trouble: str, resting: Collection[str]) -> None:
        """Do so of an actor of a stage. Once one is served, what those of `resting` stages said
        last is not true any more: they have nothing left to do, and will not say another thing.
        """
        self.heard(_called(stage, actor), trouble)
        if not trouble:
            for who in [x for x in self._troubles if x.partition(" ")[0] in resting]:
                del self._troubles[who]

    def forget(self, stage: str, actor: int) -> None:
        """Forget what an actor that is gone said last: nobody will say another thing for it."""
        self.heard(_called(stage, actor), "")

    @property
    def without(self) -> int:
        """Count the processes that Redis did not serve the last time; by choice that is one."""
        return len(self._troubles) or bool(self.by_choice)

    @property
    def name(self) -> str:
        """Say `accelerated`, or `database` while any process works without Redis."""
        return DATABASE if self.reason else ACCELERATED

    @property
    def reason(self) -> str:
        """Say why it is not accelerated; empty if it is."""
        return self.by_choice or next(iter(sorted(self._troubles.values())), "")


def _called(stage: str, actor: int) -> str:
    return f"{stage} {actor}"
