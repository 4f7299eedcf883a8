"""What casegraph costs beside the models it runs: `python benchmarks/overhead.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import report
from measuring.ceiling import measure_ceiling
from measuring.stages import measure_stages
from measuring.texts import Corpus, make_corpus
from measuring.whole import measure_whole

from pipeline.settings import Settings, load_settings

OUTPUT = Path(__file__).resolve().parent / "results" / "overhead.json"
PARTS = ("stages", "ceiling", "run")


def main() -> None:
    """Measure, print tables, and write JSON."""
    options = read_options()
    # An end by a signal has to stop servers and remove folders as any other end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    given = options.texts.resolve() if options.texts else None
    output = options.output.resolve()
    # In an empty folder no casegraph.toml is found, by us or by the command.
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        corpus = make_corpus(Path(name) / "documents", options.documents, given)
        settings = load_settings()
        rounds = [measure_round(settings, corpus, options.skip) for _ in range(options.repeat)]
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "corpus": corpus.as_json(),
        "rounds": rounds,
        "summary": report.summary(rounds),
        "targets": {
            "stages_to_plain_at_most": report.STAGES_AT_MOST,
            "ceiling_to_run_at_least": report.CEILING_AT_LEAST,
        },
    }
    report.write(result, output)
    report.show(result)
    print(f"written to {output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=_count, default=200, metavar="N", help="default 200")
    parser.add_argument("--texts", type=Path, metavar="DIR", help="measure the .txt of a folder")
    parser.add_argument("--skip", action="append", choices=PARTS, default=[], help="leave out")
    parser.add_argument("--repeat", type=_count, default=1, metavar="N", help="rounds, default 1")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def _count(text: str) -> int:
    """Read a number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def measure_round(settings: Settings, corpus: Corpus, skip: list[str]) -> dict[str, Any]:
    """Measure all once: the run between two ceilings, since other work comes and goes."""
    round_: dict[str, Any] = {}
    if "stages" not in skip:
        _say("stages")
        round_["stages"] = measure_stages(settings, corpus)
    ceilings = []
    if "ceiling" not in skip:
        _say("ceiling")
        ceilings.append(measure_ceiling(settings, corpus))
    if "run" not in skip:
        _say("run")
        round_["run"] = measure_whole(corpus)
        if "ceiling" not in skip:
            _say("ceiling, again")
            ceilings.append(measure_ceiling(settings, corpus))
    round_["ceilings"] = ceilings
    report.compare(round_)
    return round_


def _say(what: str) -> None:
    """Tell the person what goes on."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
