"""Numbers of cases in one document: the bare one is that of the case it gives in full."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.engines.dockets import Docket, docket_of


def link_dockets(names: Iterable[str]) -> dict[str, str]:
    """Map what says less of a case ("19-CV-05642") to what says most ("1:19-CV-05642-JSR"), unless
    that could be two cases.
    """
    cases: dict[tuple[str, str, str], dict[str, Docket]] = {}
    for name in names:
        docket = docket_of(name)
        if docket is not None:
            cases.setdefault(docket[:3], {})[name] = docket
    links = {}
    for same in cases.values():
        for name, docket in same.items():
            fuller = {long: other for long, other in same.items() if _says_less(docket, other)}
            fullest = [
                long
                for long, other in fuller.items()
                if not any(_says_less(other, one) for one in fuller.values())
            ]
            if len(fullest) == 1:
                links[name] = fullest[0]
    return links


def _says_less(one: Docket, other: Docket) -> bool:
    """Say whether one number leaves out what another says, and says nothing else."""
    return (
        one != other
        and one.office in ("", other.office)
        and one.court in ("", other.court)
        and set(one.judges) <= set(other.judges)
    )
