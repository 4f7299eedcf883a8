"""Whether a run works with Redis or without, and why: pure bookkeeping."""

from __future__ import annotations

from dataclasses import dataclass, field

ACCELERATED, DATABASE = "accelerated", "database"


@dataclass
class Mode:
    """What the processes of a run last said of Redis. `by_choice` is why it is not used at all."""

    by_choice: str = ""
    _troubles: dict[str, str] = field(default_factory=dict)

    def heard(self, who: str, trouble: str) -> None:
        """Take down why Redis did not serve a process, or that it did."""
        if trouble:
            self._troubles[who] = trouble
        else:
            self._troubles.pop(who, None)

    @property
    def name(self) -> str:
        """Say `accelerated`, or `database` while any process works without Redis."""
        return DATABASE if self.reason else ACCELERATED

    @property
    def reason(self) -> str:
        """Say why it is not accelerated; empty if it is."""
        return self.by_choice or next(iter(sorted(self._troubles.values())), "")
