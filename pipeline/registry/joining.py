"""Sets that grow together: union-find over ids."""

from __future__ import annotations

from collections.abc import Iterator


class Joined:
    """Which ids belong together. An id that was never joined is by itself."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        """Pass over the ids that were joined or asked to be."""
        return iter(self._up)

    def __contains__(self, one: object) -> bool:
        """Say whether an id was joined or asked to be."""
        return one in self._up

    def root(self, one: str) -> str:
        """Give the id that stands for all that belong together with this one."""
        up = self._up
        root = one
        while (above := up.get(root, root)) != root:
            root = above
        while (above := up.get(one, one)) != root:
            up[one], one = root, above
        return root

    def join(self, one: str, other: str) -> str:
        """Put together what belongs to two ids; return the one that stands for all: the smaller."""
        first, second = sorted((self.root(one), self.root(other)))
        self._up[first] = self._up[second] = first
        return first
